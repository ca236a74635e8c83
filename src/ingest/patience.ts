import type { Pause } from "./pause.ts";
import { SinkUnreachableError } from "./sink.ts";

/** How long an engine that is being restarted, or a network that comes and goes, is waited for. */
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 4_000;

/** Errors of a connection, not of a request. */
const CONNECTION_ERRORS = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "TimeoutError",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

/**
 * Repeats requests while nothing answers at all, for 30 s since the last answer to any of them.
 * The SDK's own retries (some seconds) come first.
 */
export class Patience {
  #lastAnswer: number;

  constructor(
    private readonly pause: Pause,
    private readonly now: () => number,
    private readonly signal: AbortSignal,
    private readonly where: string,
  ) {
    this.#lastAnswer = now();
  }

  /** @throws SinkUnreachableError when nothing has answered for 30 s; any other error at once, the signal's reason when it is aborted. */
  async through<T>(request: () => Promise<T>): Promise<T> {
    const started = this.now();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      try {
        const answer = await request();
        this.#lastAnswer = this.now();
        return answer;
      } catch (error) {
        if (!isConnectionError(error)) {
          this.#lastAnswer = this.now();
          throw error;
        }
        if (this.now() - Math.max(started, this.#lastAnswer) > PATIENCE_MS) {
          throw new SinkUnreachableError(
            `${this.where} does not answer: ${(error as Error).message || (error as { code?: string }).code}`,
            error,
          );
        }
        await this.pause(pauseMs, this.signal);
      }
    }
  }
}

/** Whether a request got no answer at all. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, $metadata } = error as { code?: string; $metadata?: { httpStatusCode?: number } };
  if ($metadata?.httpStatusCode !== undefined) return false;
  if (error.cause !== undefined && isConnectionError(error.cause)) return true;
  return (
    CONNECTION_ERRORS.has(code ?? "") ||
    CONNECTION_ERRORS.has(error.name) ||
    /socket hang up/.test(error.message)
  );
}
