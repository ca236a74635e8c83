import { randomUUID } from "node:crypto";
import { AwsError, type Delivery, type EngineParts } from "../service.ts";
import { DurableMap } from "../storage/durable-map.ts";

/** Wait before the second attempt, in ms; it doubles with each further one. */
const FIRST_WAIT_MS = 1_000;
/** Longest wait between two attempts, in ms. */
const LONGEST_WAIT_MS = 300_000;

/** Client errors that another attempt can cure; any other says that the target is gone or refuses the message. */
const THROTTLED = new Set(["ThrottlingException", "Throttling", "TooManyRequestsException", "OverLimit"]);

/** One message on its way to one target. */
export interface Shipment {
  targetArn: string;
  delivery: Delivery;
  /** Where it goes when the target can't be reached; without one it is dropped, and the log says so. */
  dlqArn?: string;
  maximumAttempts: number;
  maximumAgeMs: number;
  /** What sends it, for the log and for DLQ attributes: a rule's or a subscription's ARN. */
  senderArn: string;
  /** What the DLQ gets, where that is not the delivery itself (EventBridge sends the whole event). */
  original?: string;
}

/** Why a shipment failed, for the attributes of its DLQ message. */
export interface Failure {
  code: string;
  message: string;
  /** Attempts after the first. */
  retries: number;
  /** Which limit ended the retries; undefined when the error was none that a retry could cure. */
  exhausted: "MaximumRetryAttempts" | "MaximumEventAgeInSeconds" | undefined;
}

interface Waiting {
  id: string;
  shipment: Shipment;
  attempts: number;
  startedAt: number;
  nextAt: number;
}

/**
 * Delivers messages to targets. What can't be delivered now lies in a durable log and is tried again with
 * growing waits on the clock; what can never be delivered, or not in time, goes to the shipment's DLQ.
 */
export class Outbox {
  #closed = false;
  readonly #underWay = new Set<Promise<void>>();

  private constructor(
    readonly parts: EngineParts,
    readonly waiting: DurableMap<Waiting>,
    /** Makes the DLQ's message of a failed shipment. */
    readonly deadLetter: (shipment: Shipment, failure: Failure) => Delivery,
  ) {}

  /** Opens the log in `file` and takes up what was waiting in it. */
  static async open(
    parts: EngineParts,
    file: string,
    deadLetter: (shipment: Shipment, failure: Failure) => Delivery,
  ): Promise<Outbox> {
    const outbox = new Outbox(parts, await DurableMap.open<Waiting>(file), deadLetter);
    for (const entry of outbox.waiting.values()) outbox.#schedule(entry);
    return outbox;
  }

  /** Resolves once the message lies in its target, in the DLQ or in the log. Rejects when none takes it. */
  async ship(shipment: Shipment): Promise<void> {
    const now = this.parts.clock.now();
    await this.#attempt({ id: randomUUID(), shipment, attempts: 0, startedAt: now, nextAt: now });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#underWay);
    await this.waiting.close();
  }

  async #attempt(entry: Waiting): Promise<void> {
    const { shipment } = entry;
    try {
      await this.parts.wiring.deliver(shipment.targetArn, shipment.delivery);
    } catch (error) {
      await this.#failed({ ...entry, attempts: entry.attempts + 1 }, error);
      return;
    }
    await this.waiting.delete(entry.id);
  }

  async #failed(entry: Waiting, error: unknown): Promise<void> {
    const { shipment, attempts } = entry;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20));
    const nextAt = this.parts.clock.now() + wait;
    const permanent = error instanceof AwsError && error.status < 500 && !THROTTLED.has(error.code);
    const exhausted =
      attempts > shipment.maximumAttempts
        ? "MaximumRetryAttempts"
        : nextAt - entry.startedAt > shipment.maximumAgeMs
          ? "MaximumEventAgeInSeconds"
          : undefined;
    if (!permanent && exhausted === undefined) {
      await this.#keep({ ...entry, nextAt });
      return;
    }
    const failure: Failure = {
      code: error instanceof AwsError ? error.code : "InternalError",
      message: error instanceof Error ? error.message : String(error),
      retries: attempts - 1,
      exhausted: permanent ? undefined : exhausted,
    };
    this.parts.log(
      `${shipment.senderArn}: not delivered to ${shipment.targetArn} (${failure.code}: ${failure.message}), ` +
        (shipment.dlqArn ? `sent to ${shipment.dlqArn}` : "dropped, since it has no DLQ"),
    );
    if (shipment.dlqArn) {
      try {
        await this.parts.wiring.deliver(shipment.dlqArn, this.deadLetter(shipment, failure));
      } catch (dlqError) {
        this.parts.log(`${shipment.dlqArn} can't take it, it is kept: ${(dlqError as Error).message}`);
        await this.#keep({ ...entry, nextAt });
        return;
      }
    }
    await this.waiting.delete(entry.id);
  }

  async #keep(entry: Waiting): Promise<void> {
    await this.waiting.set(entry.id, entry);
    this.#schedule(entry);
  }

  #schedule(entry: Waiting): void {
    // Never at once: when the engine starts, the targets are not all there yet.
    const wait = Math.max(FIRST_WAIT_MS, entry.nextAt - this.parts.clock.now());
    this.parts.clock.after(wait, () => {
      if (this.#closed) return;
      const attempt = this.#attempt(entry)
        .catch((error: Error) => {
          this.parts.log(`${entry.shipment.senderArn}: its retry log failed: ${error.message}`);
          this.#schedule({ ...entry, nextAt: this.parts.clock.now() + LONGEST_WAIT_MS });
        })
        .finally(() => this.#underWay.delete(attempt));
      this.#underWay.add(attempt);
    });
  }
}
