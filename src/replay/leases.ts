import pMap from "p-map";
import type { SqsBatches } from "../aws/sqs-batches.ts";
import { MAX_BATCH } from "./outgoing.ts";

/** First visibility timeout, in seconds: what a killed replay had in hand is back after it. */
export const FIRST_LEASE_SECONDS = 30;
/** Visibility timeout of what is held for longer. */
const LONG_LEASE_SECONDS = 60;
/** After a kill, so long after its last sign of life a replay's leases may last, in milliseconds. */
export const LONGEST_LEASE_MS = LONG_LEASE_SECONDS * 1000 + 15_000;
/** A lease that ends within this is extended. */
const EXTEND_BEFORE_MS = 20_000;
const HEARTBEAT_MS = 5_000;
const DELETE_ATTEMPTS = 3;

interface Lease {
  handle: string;
  untilMs: number;
}

/** The messages of one queue that are held: kept invisible while they are worked on, then deleted or given back. */
export class Leases {
  readonly #held = new Map<string, Lease>();
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly batches: SqsBatches,
    private readonly queueUrl: string,
    private readonly options: { parallel: number; now(): number; onError(error: unknown): void },
  ) {}

  get size(): number {
    return this.#held.size;
  }

  /** Extends what is about to end, every few seconds, until `stop`. */
  start(): void {
    this.#heartbeat = setInterval(() => {
      this.extend().catch((error: unknown) => this.options.onError(error));
    }, HEARTBEAT_MS);
  }

  stop(): void {
    clearInterval(this.#heartbeat);
  }

  /** A message has been received, perhaps once more: the latest handle counts. */
  hold(messageId: string, handle: string): void {
    this.#held.set(messageId, { handle, untilMs: this.options.now() + FIRST_LEASE_SECONDS * 1000 });
  }

  async extend(): Promise<void> {
    const soon = this.options.now() + EXTEND_BEFORE_MS;
    const ending = [...this.#held.values()].filter(({ untilMs }) => untilMs < soon);
    for (const lease of ending) lease.untilMs = this.options.now() + LONG_LEASE_SECONDS * 1000;
    await this.#setVisibility(ending, LONG_LEASE_SECONDS);
  }

  /** Deletes messages. Returns the ids of those that SQS did not delete; they are not held any more. */
  async delete(messageIds: readonly string[]): Promise<string[]> {
    let left = [...messageIds];
    for (let attempt = 1; left.length > 0 && attempt <= DELETE_ATTEMPTS; attempt++) {
      const failed: string[] = [];
      for (let first = 0; first < left.length; first += MAX_BATCH) {
        failed.push(...(await this.#deleteBatch(left.slice(first, first + MAX_BATCH))));
      }
      left = failed;
    }
    for (const id of messageIds) this.#held.delete(id);
    return left;
  }

  /** Makes all that is still held visible at once. */
  async release(): Promise<void> {
    const held = [...this.#held.values()];
    this.#held.clear();
    await this.#setVisibility(held, 0);
  }

  async #deleteBatch(ids: readonly string[]): Promise<string[]> {
    const { Failed = [] } = await this.batches.delete({
      QueueUrl: this.queueUrl,
      Entries: ids.map((id, index) => ({
        Id: String(index),
        ReceiptHandle: this.#held.get(id)?.handle ?? "",
      })),
    });
    return Failed.flatMap(({ Id }) => ids[Number(Id)] ?? []);
  }

  /** Entries that fail are passed over: their messages are gone, or visible already. */
  async #setVisibility(leases: readonly Lease[], VisibilityTimeout: number): Promise<void> {
    const groups: Lease[][] = [];
    for (let first = 0; first < leases.length; first += MAX_BATCH) {
      groups.push(leases.slice(first, first + MAX_BATCH));
    }
    await pMap(
      groups,
      (group) =>
        this.batches.changeVisibility({
          QueueUrl: this.queueUrl,
          Entries: group.map(({ handle }, index) => ({
            Id: String(index),
            ReceiptHandle: handle,
            VisibilityTimeout,
          })),
        }),
      { concurrency: this.options.parallel },
    );
  }
}
