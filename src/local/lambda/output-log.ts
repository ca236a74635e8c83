import type { Clock } from "../clock.ts";
import type { LogEvent, LogsSink } from "./sinks.ts";

/** Longest message of one log event, in bytes; longer lines continue in the next event. */
export const MAX_EVENT_BYTES = 256 * 1024;
/** Bytes of an invocation's output that Invoke returns with LogType Tail. */
const TAIL_BYTES = 4 * 1024;
const NEWLINE = 0x0a;

/** What an environment prints, turned into events of its log stream. */
export class OutputLog {
  #partial: Buffer[] = [];
  #pending: LogEvent[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #tail: string[] = [];

  constructor(
    private readonly logs: LogsSink,
    private readonly clock: Clock,
    readonly group: string,
    readonly stream: string,
    private readonly report: (line: string) => void,
  ) {}

  /** One event, line breaks included. Bytes that are no UTF-8 become U+FFFD. */
  event(message: Buffer | string): void {
    this.#endLine();
    this.#add(typeof message === "string" ? Buffer.from(message) : message);
  }

  /** Raw output: one event a line. A line without its end waits for the rest. */
  text(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#partial.push(chunk.subarray(from, end));
      this.#endLine();
      from = end + 1;
    }
    if (from < chunk.length) this.#partial.push(Buffer.from(chunk.subarray(from)));
  }

  /** Begins an invocation's tail. */
  resetTail(): void {
    this.#tail = [];
  }

  /** The last 4 KB of the invocation's output. */
  tail(): string {
    const bytes = Buffer.from(this.#tail.map((line) => (line.endsWith("\n") ? line : `${line}\n`)).join(""));
    return bytes.subarray(-TAIL_BYTES).toString("utf8");
  }

  /** Writes what was gathered; a failing log never fails the invocation, the engine's own log names it. */
  flush(endLine = false): Promise<void> {
    if (endLine) this.#endLine();
    const events = this.#pending;
    this.#pending = [];
    if (events.length > 0) {
      this.#flushing = this.#flushing.then(() =>
        this.logs
          .append(this.group, this.stream, events)
          .catch((error: Error) =>
            this.report(`${this.group}: ${events.length} log events were not stored: ${error.message}`),
          ),
      );
    }
    return this.#flushing;
  }

  #endLine(): void {
    if (this.#partial.length === 0) return;
    const line = Buffer.concat(this.#partial);
    this.#partial = [];
    if (line.length > 0) this.#add(line);
  }

  #add(message: Buffer): void {
    for (let from = 0; from < message.length; ) {
      const end = characterBoundary(message, from + MAX_EVENT_BYTES);
      const text = message.toString("utf8", from, end);
      this.#pending.push({ timestamp: this.clock.now(), message: text });
      this.#tail.push(text);
      from = end;
    }
    // Only the end is ever asked for.
    if (this.#tail.length > 512) this.#tail.splice(0, 256);
  }
}

/** The last start of a UTF-8 character at or before `at`, so that cutting never breaks one. */
function characterBoundary(bytes: Buffer, at: number): number {
  if (at >= bytes.length) return bytes.length;
  let boundary = at;
  while (boundary > at - 4 && ((bytes[boundary] ?? 0) & 0xc0) === 0x80) boundary--;
  return boundary;
}
