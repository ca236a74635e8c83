import type { Clock } from "../clock.ts";
import { type Batch, BatchGatherer } from "./batch-gatherer.ts";
import { MAX_ENVIRONMENTS } from "./environment-pool.ts";
import type { InvocationOutcome } from "./invocation.ts";
import type { QueuePort } from "./queue-port.ts";
import { allFailed, type BatchOutcome, batchOutcome } from "./sqs-event.ts";
import { Wakeup } from "./wakeup.ts";

/** Added to a lease for what happens around the invocation, in milliseconds. */
const LEASE_MARGIN_MS = 10_000;
/** Pause after a queue could not be read, in milliseconds. */
const RETRY_MS = 1_000;

/** Settings of an event source mapping: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html */
export interface MappingSettings {
  functionName: string;
  queueArn: string;
  /** 1-10000; above 10 a standard queue needs a window. */
  batchSize: number;
  batchWindowMs: number;
  /** Concurrent invocations, 2-1000; the machine's cores bound it further. */
  maximumConcurrency: number;
  /** Visibility timeout of the queue: how long a failed message stays away, counted from its receipt. */
  queueVisibilityMs: number;
  enabled: boolean;
}

export interface MappingParts {
  clock: Clock;
  queues: QueuePort;
  /** Timeout of the function, in milliseconds. */
  timeoutMs(functionName: string): number;
  invoke(functionName: string, payload: string, traceHeader?: string): Promise<InvocationOutcome>;
  prewarm(functionName: string): void;
  log(line: string): void;
}

export type LastResult = "No records processed" | "OK" | `PROBLEM: ${string}`;

/**
 * An event source mapping from SQS to a function. While an invocation runs, the leases of its messages are
 * extended, so that the engine itself never delivers a message twice; what succeeded is deleted, what failed
 * comes back after the queue's visibility timeout.
 */
export class QueueMapping {
  lastResult: LastResult = "No records processed";
  #settings: MappingSettings;
  #available = new Wakeup();
  #slots = new Wakeup();
  #active = new Set<Promise<void>>();
  #gatherer: BatchGatherer;
  #unsubscribe: () => void;
  #closed = false;
  #loop: Promise<void>;

  constructor(
    readonly uuid: string,
    settings: MappingSettings,
    private readonly parts: MappingParts,
  ) {
    this.#settings = settings;
    this.#gatherer = new BatchGatherer(parts.queues, parts.clock, this.#available);
    this.#unsubscribe = parts.queues.onAvailable(settings.queueArn, () => this.#available.wake());
    this.#loop = this.#run();
  }

  get settings(): MappingSettings {
    return this.#settings;
  }

  /** Whether invocations of it are running. */
  get running(): boolean {
    return this.#active.size > 0;
  }

  /** Changes settings of the running mapping; batches under way keep the old ones. */
  update(changes: Partial<MappingSettings>): void {
    this.#settings = { ...this.#settings, ...changes };
    this.#available.wake();
    this.#slots.wake();
  }

  /** Takes no more messages and resolves when the running invocations have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    this.#available.wake();
    this.#slots.wake();
    await this.#loop;
    await Promise.all(this.#active);
  }

  #stopped(): boolean {
    return this.#closed || !this.#settings.enabled;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#next();
      } catch (error) {
        this.parts.log(`event source mapping of ${this.#settings.queueArn}: ${(error as Error).message}`);
        const { clock } = this.parts;
        await Promise.race([
          new Promise<void>((resolve) => clock.after(RETRY_MS, resolve)),
          this.#available.wait(),
        ]);
        this.#available.giveUp();
      }
    }
    await this.#releaseCarried();
  }

  async #next(): Promise<void> {
    if (this.#stopped()) {
      await this.#releaseCarried();
      return this.#available.wait();
    }
    const { maximumConcurrency, functionName } = this.#settings;
    if (this.#active.size >= Math.min(maximumConcurrency, MAX_ENVIRONMENTS)) {
      await this.#whileHoldingCarried(this.#slots.wait());
      return;
    }
    const batch = await this.#gatherer.gather(
      { ...this.#settings, leaseMs: this.#leaseMs() },
      () => this.#stopped(),
      () => this.parts.prewarm(functionName),
    );
    if (!batch) return this.#available.wait();
    if (this.#stopped()) {
      await this.parts.queues.release(this.#settings.queueArn, handles(batch.messages), 0);
      return;
    }
    const work = this.#process(batch).finally(() => {
      this.#active.delete(work);
      this.#slots.wake();
    });
    this.#active.add(work);
  }

  /** Long enough for the window and one whole invocation; longer waits extend it. */
  #leaseMs(): number {
    const { functionName, queueVisibilityMs, batchWindowMs } = this.#settings;
    return Math.max(queueVisibilityMs, batchWindowMs + this.parts.timeoutMs(functionName) + LEASE_MARGIN_MS);
  }

  async #process(batch: Batch): Promise<void> {
    const { functionName, queueArn, queueVisibilityMs } = this.#settings;
    const { clock, queues } = this.parts;
    const receivedAt = clock.now();
    const stop = this.#keepLeased(queueArn, () => handles(batch.messages));
    const outcome = await this.#deliver(functionName, batch);
    stop();
    this.lastResult = outcome.reason ? `PROBLEM: ${outcome.reason}` : "OK";
    if (outcome.reason)
      this.parts.log(`${functionName}: ${batch.messages.length} messages: ${outcome.reason}`);
    const delayMs = Math.max(0, receivedAt + queueVisibilityMs - clock.now());
    try {
      if (outcome.succeeded.length > 0) await queues.remove(queueArn, handles(outcome.succeeded));
      if (outcome.failed.length > 0) await queues.release(queueArn, handles(outcome.failed), delayMs);
    } catch (error) {
      // The leases run out, and the messages come again: at least once, never not at all.
      this.parts.log(`${queueArn}: the end of a batch was not stored: ${(error as Error).message}`);
    }
  }

  async #deliver(functionName: string, { messages, records }: Batch): Promise<BatchOutcome> {
    const headers = new Set(messages.map((message) => message.attributes.AWSTraceHeader));
    const traceHeader = headers.size === 1 ? [...headers][0] : undefined;
    try {
      const payload = `{"Records":[${records.join(",")}]}`;
      const answer = await this.parts.invoke(functionName, payload, traceHeader);
      if (answer.fault) return allFailed(messages, `Function call failed: ${answer.fault.errorMessage}`);
      return batchOutcome(answer.payload, messages);
    } catch (error) {
      return allFailed(messages, `the function could not be invoked: ${(error as Error).message}`);
    }
  }

  /** Extends the leases at half their time until the returned function is called. */
  #keepLeased(queueArn: string, leased: () => string[]): () => void {
    const { clock, queues, log } = this.parts;
    const leaseMs = this.#leaseMs();
    let cancel = () => {};
    const extend = () => {
      cancel = clock.after(leaseMs / 2, extend);
      queues.extend(queueArn, leased(), leaseMs).catch((error: Error) => {
        log(`${queueArn}: leases were not extended: ${error.message}`);
      });
    };
    cancel = clock.after(leaseMs / 2, extend);
    return () => cancel();
  }

  async #whileHoldingCarried(wait: Promise<void>): Promise<void> {
    if (this.#gatherer.carriedHandles.length === 0) return wait;
    const stop = this.#keepLeased(this.#settings.queueArn, () => this.#gatherer.carriedHandles);
    await wait;
    stop();
  }

  async #releaseCarried(): Promise<void> {
    await this.#gatherer.releaseCarried(this.#settings.queueArn).catch((error: Error) => {
      this.parts.log(`${this.#settings.queueArn}: leases were not given back: ${error.message}`);
    });
  }
}

function handles(messages: { receiptHandle: string }[]): string[] {
  return messages.map((message) => message.receiptHandle);
}
