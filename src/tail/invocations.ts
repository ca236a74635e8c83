import type { ParsedMessage } from "./event.ts";

/** Streams whose running invocation is remembered; the longest untouched goes first. */
const MAX_STREAMS = 10_000;

/** Knows which invocation a line belongs to that carries no request id: the one its stream is running. */
export class Invocations {
  #running = new Map<string, string>();

  /** The request id of a line, of its own or of the invocation around it. */
  requestIdOf(stream: string, parsed: ParsedMessage): string | null {
    const { kind, requestId } = parsed;
    const running = this.#running.get(stream) ?? null;
    if (kind === "start" && requestId) {
      this.#running.delete(stream);
      this.#running.set(stream, requestId);
      const [oldest] = this.#running.keys();
      if (this.#running.size > MAX_STREAMS && oldest !== undefined) this.#running.delete(oldest);
    }
    // REPORT closes the invocation: what a crash leaves behind comes between END and REPORT.
    if (kind === "report") this.#running.delete(stream);
    return requestId ?? (kind === "platform" ? null : running);
  }
}
