import type { Clock } from "../clock.ts";
import type { LeasedMessage, QueuePort } from "./queue-port.ts";
import { sqsRecord } from "./sqs-event.ts";
import type { Wakeup } from "./wakeup.ts";

/** Largest event payload, in bytes: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
/** Room for `{"Records":[]}`. */
const ENVELOPE_BYTES = 16;
/** First poll of a batch, whose message size is not known yet; as many as one ReceiveMessage gives. */
const FIRST_POLL = 10;
/** While a window runs, arrivals within this time are taken together. */
const SETTLE_MS = 25;

export interface Batch {
  messages: LeasedMessage[];
  /** JSON text of each record, in the same order. */
  records: string[];
  bytes: number;
}

export interface GatherOptions {
  queueArn: string;
  batchSize: number;
  batchWindowMs: number;
  leaseMs: number;
}

/**
 * Gathers batches from one queue: up to `batchSize` messages and 6 MB, waiting for more until the window
 * that the first message opens is over. FIFO queues have no window.
 */
export class BatchGatherer {
  /** Messages that no longer fitted a payload, leased already: the start of the next batch. */
  #carried: LeasedMessage[] = [];

  constructor(
    private readonly queues: QueuePort,
    private readonly clock: Clock,
    private readonly available: Wakeup,
  ) {}

  /**
   * The next batch, or undefined when the queue has nothing visible now.
   * @param stopped asked while waiting: true ends the window early.
   * @param onFirst called when the batch has its first message.
   */
  async gather(
    options: GatherOptions,
    stopped: () => boolean,
    onFirst: () => void,
  ): Promise<Batch | undefined> {
    const fifo = options.queueArn.endsWith(".fifo");
    const batch: Batch = { messages: [], records: [], bytes: ENVELOPE_BYTES };
    let full = this.#fill(batch, this.#carried.splice(0), options, fifo);
    let deadline = Number.POSITIVE_INFINITY;
    while (!full) {
      this.available.reset();
      const max = pollSize(batch, options.batchSize);
      const got = await this.queues.poll(options.queueArn, { max, visibilityMs: options.leaseMs });
      full = await this.#fillOrGiveBack(batch, got, options, fifo);
      if (batch.messages.length === 0) return undefined;
      if (deadline === Number.POSITIVE_INFINITY) {
        deadline = this.clock.now() + (fifo ? 0 : options.batchWindowMs);
        onFirst();
      }
      if (full || got.length === max) continue;
      if (stopped() || this.clock.now() >= deadline) break;
      await this.#moreOr(deadline, stopped);
    }
    return batch;
  }

  /** Gives up what is leased for a batch that won't be built. */
  async releaseCarried(queueArn: string): Promise<void> {
    const handles = this.#carried.splice(0).map((message) => message.receiptHandle);
    if (handles.length > 0) await this.queues.release(queueArn, handles, 0);
  }

  /** Leases that are held for the next batch. */
  get carriedHandles(): string[] {
    return this.#carried.map((message) => message.receiptHandle);
  }

  /** A FIFO message must not wait beside a batch that may fail before it: it goes back at once. */
  async #fillOrGiveBack(
    batch: Batch,
    got: LeasedMessage[],
    options: GatherOptions,
    fifo: boolean,
  ): Promise<boolean> {
    const full = this.#fill(batch, got, options, fifo);
    if (fifo) await this.releaseCarried(options.queueArn);
    return full;
  }

  #fill(batch: Batch, got: LeasedMessage[], options: GatherOptions, fifo: boolean): boolean {
    for (const [index, message] of got.entries()) {
      const record = JSON.stringify(sqsRecord(message, options.queueArn));
      const bytes = Buffer.byteLength(record) + 1;
      const first = batch.messages.length === 0;
      if (!first && (batch.messages.length >= options.batchSize || batch.bytes + bytes > MAX_PAYLOAD_BYTES)) {
        this.#carried.push(...got.slice(index));
        return true;
      }
      batch.messages.push(message);
      batch.records.push(record);
      batch.bytes += bytes;
    }
    return batch.messages.length >= options.batchSize || (fifo && batch.messages.length > 0);
  }

  async #moreOr(deadline: number, stopped: () => boolean): Promise<void> {
    const left = deadline - this.clock.now();
    let cancel = () => {};
    const over = new Promise<void>((resolve) => {
      cancel = this.clock.after(left, resolve);
    });
    await Promise.race([over, this.available.wait()]);
    cancel();
    this.available.giveUp();
    if (stopped()) return;
    const pause = Math.min(SETTLE_MS, deadline - this.clock.now());
    if (pause > 0) await new Promise<void>((resolve) => this.clock.after(pause, resolve));
  }
}

/** How many messages to ask for, so that little more than fits the payload is leased. */
function pollSize(batch: Batch, batchSize: number): number {
  const left = batchSize - batch.messages.length;
  if (batch.messages.length === 0) return Math.min(left, FIRST_POLL);
  const average = batch.bytes / batch.messages.length;
  const fitting = Math.floor((MAX_PAYLOAD_BYTES - batch.bytes) / average);
  return Math.min(left, Math.max(FIRST_POLL, fitting));
}
