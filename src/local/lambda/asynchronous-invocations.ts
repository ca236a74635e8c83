import { randomUUID } from "node:crypto";
import path from "node:path";
import type { EngineParts } from "../service.ts";
import { AppendLog } from "../storage/append-log.ts";
import type { InvocationOutcome } from "./invocation.ts";

/**
 * Pauses before the two retries, in milliseconds. AWS waits one and two minutes; at a desk seconds do:
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export const ASYNC_RETRY_DELAYS_MS: readonly number[] = [1_000, 2_000];
/** Pause before a dead letter that its target refused is sent again. */
const DEAD_LETTER_RETRY_MS = 5_000;
/** A DLQ message's ErrorMessage holds at most 1 KB. */
const MAX_ERROR_MESSAGE_BYTES = 1024;
/** Records of finished events that are tolerated in the file before it is written anew. */
const COMPACT_ABOVE = 1_000;

interface PendingEvent {
  id: string;
  functionName: string;
  payload: string;
  traceHeader?: string;
  /** Failed attempts so far. */
  attempts: number;
  /** Set when the attempts are used up and only the dead letter is left to send. */
  deadLetter?: { dlqArn: string; errorMessage: string };
}

type Entry = { put: PendingEvent } | { done: string };

export interface AsynchronousParts {
  engine: EngineParts;
  invoke(event: PendingEvent): Promise<InvocationOutcome>;
  /** The function's dead-letter target, or undefined. @returns null while the function is not deployed. */
  dlqArn(functionName: string): string | undefined | null;
}

/**
 * Events of asynchronous invocations: stored before they are accepted, run in the background, retried twice,
 * and then sent to the function's DLQ. They outlive a `kill -9` of the engine.
 */
export class AsynchronousInvocations {
  #pending = new Map<string, PendingEvent>();
  #running = new Set<string>();
  #closed = false;
  #compacting = false;
  #log: AppendLog<Entry> | undefined;

  private constructor(private readonly parts: AsynchronousParts) {}

  static async open(parts: AsynchronousParts): Promise<AsynchronousInvocations> {
    const opened = new AsynchronousInvocations(parts);
    const file = path.join(parts.engine.dataDirectory, "lambda", "asynchronous.log");
    opened.#log = await AppendLog.open<Entry>(file, (entry) => {
      if ("put" in entry) opened.#pending.set(entry.put.id, entry.put);
      else opened.#pending.delete(entry.done);
    });
    return opened;
  }

  /** Resolves with the request id once the event is stored. */
  async accept(functionName: string, payload: string, traceHeader?: string): Promise<string> {
    const event: PendingEvent = { id: randomUUID(), functionName, payload, attempts: 0 };
    if (traceHeader) event.traceHeader = traceHeader;
    await this.#put(event);
    void this.#run(event);
    return event.id;
  }

  /** Runs what waits for this function: events of before a restart. */
  resume(functionName: string): void {
    for (const event of this.#pending.values()) {
      if (event.functionName === functionName && !this.#running.has(event.id)) void this.#run(event);
    }
  }

  /** Drops the events of a function that is gone. */
  async drop(functionName: string): Promise<void> {
    const gone = [...this.#pending.values()].filter((event) => event.functionName === functionName);
    for (const event of gone) await this.#finish(event);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#log?.close();
  }

  async #run(event: PendingEvent): Promise<void> {
    const { engine } = this.parts;
    this.#running.add(event.id);
    try {
      await (event.deadLetter ? this.#sendDeadLetter(event, event.deadLetter) : this.#attempt(event));
    } catch (error) {
      engine.log(`${event.functionName}: asynchronous event ${event.id}: ${(error as Error).message}`);
      this.#later(event, DEAD_LETTER_RETRY_MS);
    } finally {
      this.#running.delete(event.id);
    }
  }

  async #attempt(event: PendingEvent): Promise<void> {
    const dlqArn = this.parts.dlqArn(event.functionName);
    // It waits for the function to be deployed again.
    if (dlqArn === null) return;
    const { fault } = await this.parts.invoke(event);
    if (this.#closed || !this.#pending.has(event.id)) return;
    if (!fault) return this.#finish(event);
    const delayMs = ASYNC_RETRY_DELAYS_MS[event.attempts];
    const failed: PendingEvent = { ...event, attempts: event.attempts + 1 };
    if (delayMs === undefined) {
      if (dlqArn === undefined) {
        this.parts.engine.log(
          `${event.functionName}: event ${event.id} failed ${failed.attempts} times and is dropped, as the function has no DLQ: ${fault.errorMessage}`,
        );
        return this.#finish(event);
      }
      failed.deadLetter = { dlqArn, errorMessage: fault.errorMessage };
    }
    await this.#put(failed);
    if (failed.deadLetter) await this.#sendDeadLetter(failed, failed.deadLetter);
    else this.#later(failed, delayMs ?? 0);
  }

  async #sendDeadLetter(
    event: PendingEvent,
    { dlqArn, errorMessage }: NonNullable<PendingEvent["deadLetter"]>,
  ): Promise<void> {
    const message = Buffer.from(errorMessage).subarray(0, MAX_ERROR_MESSAGE_BYTES).toString("utf8");
    await this.parts.engine.wiring.deliver(dlqArn, {
      body: event.payload,
      attributes: {
        RequestID: { DataType: "String", StringValue: event.id },
        ErrorCode: { DataType: "Number", StringValue: "200" },
        ErrorMessage: { DataType: "String", StringValue: message || "Unknown error" },
      },
      ...(event.traceHeader ? { traceHeader: event.traceHeader } : {}),
    });
    await this.#finish(event);
  }

  #later({ id }: PendingEvent, delayMs: number): void {
    this.parts.engine.clock.after(delayMs, () => {
      const event = this.#pending.get(id);
      if (event && !this.#closed) void this.#run(event);
    });
  }

  /** Pending before it is stored: a compaction in between must find it. */
  async #put(event: PendingEvent): Promise<void> {
    const before = this.#pending.get(event.id);
    this.#pending.set(event.id, event);
    try {
      await this.#store({ put: event });
    } catch (error) {
      if (before) this.#pending.set(event.id, before);
      else this.#pending.delete(event.id);
      throw error;
    }
  }

  async #finish(event: PendingEvent): Promise<void> {
    this.#pending.delete(event.id);
    await this.#store({ done: event.id });
  }

  async #store(entry: Entry): Promise<void> {
    const log = this.#log;
    if (!log || this.#closed) throw new Error("the engine is stopping");
    await log.append(entry);
    if (this.#compacting || log.records <= COMPACT_ABOVE || log.records <= 4 * this.#pending.size) return;
    this.#compacting = true;
    try {
      await log.compact(() => [...this.#pending.values()].map((put) => ({ put })));
    } catch (error) {
      // The entry is stored, in a file that is only longer than it need be.
      this.parts.engine.log(`${log.file} could not be shortened: ${(error as Error).message}`);
    } finally {
      this.#compacting = false;
    }
  }
}
