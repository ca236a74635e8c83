import { Agent, request } from "undici";
import type { Context } from "../../context.ts";
import { EdpError, EXIT, InvalidInputError } from "../../errors.ts";
import type { Pause } from "../pause.ts";
import type { EntityKind } from "./event.ts";
import type { StoreEntity } from "./sample.ts";

const DEFAULT_URL = "https://fakestoreapi.com";
const MAX_ATTEMPTS = 5;
const FIRST_BACKOFF_MS = 500;
const ANSWER_TIMEOUT_MS = 20_000;
const MAX_RETRY_AFTER_SECONDS = 30;

interface StoreOptions {
  url: string;
  pause: Pause;
  /** In [0, 1), for jitter. */
  random(): number;
  signal: AbortSignal;
  note(line: string): void;
}

/** Why a request gave nothing, and how long the store asks to wait. */
interface Fault {
  reason: string;
  retryAfterMs?: number;
}

/** The Fake Store API. It is known to fail with 502, 522, 524 and empty bodies: such answers are waited out. */
export class FakeStore {
  readonly #agent = new Agent({ headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS });

  constructor(private readonly options: StoreOptions) {}

  /** @throws InvalidInputError when EDP_FAKESTORE_URL is no http or https URL */
  static open({ variables, signal, terminal }: Context, pause: Pause): FakeStore {
    const text = variables.EDP_FAKESTORE_URL || DEFAULT_URL;
    const url = parseUrl(text);
    if (!url || !/^https?:$/.test(url.protocol)) {
      throw new InvalidInputError(`EDP_FAKESTORE_URL is no http or https URL: ${JSON.stringify(text)}.`);
    }
    const note = terminal.note;
    return new FakeStore({ url: url.href.replace(/\/$/, ""), pause, random: Math.random, signal, note });
  }

  /**
   * All entities of a kind.
   * @throws EdpError FAKESTORE_DOWN (exit 7) when the store gives nothing usable after some attempts
   */
  async list(kind: EntityKind): Promise<StoreEntity[]> {
    const { url, pause, signal, random, note } = this.options;
    const { host } = new URL(url);
    let fault: Fault = { reason: "" };
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      if (attempt > 1) {
        const backoffMs = FIRST_BACKOFF_MS * 2 ** (attempt - 2) * (1 + random());
        if (attempt === 2) note(`${host} ${fault.reason}: trying again (up to ${MAX_ATTEMPTS} times) ...`);
        await pause(fault.retryAfterMs ?? backoffMs, signal);
      }
      const answer = await this.#get(`${url}/${kind}`);
      if (Array.isArray(answer)) return answer as StoreEntity[];
      fault = answer;
    }
    throw new EdpError(
      "FAKESTORE_DOWN",
      EXIT.notDeployed,
      `The Fake Store gives no ${kind}: ${host} ${fault.reason} (${MAX_ATTEMPTS} attempts).`,
      { hint: "It is often down: try again later, or use made-up data, which needs no network: --sample" },
    );
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #get(url: string): Promise<unknown[] | Fault> {
    const { signal } = this.options;
    try {
      const { statusCode, headers, body } = await request(url, { dispatcher: this.#agent, signal });
      const text = await body.text();
      if (statusCode !== 200) {
        const seconds = Number(headers["retry-after"] ?? Number.NaN);
        const retryAfterMs = Math.min(seconds, MAX_RETRY_AFTER_SECONDS) * 1000;
        return { reason: `answers ${statusCode}`, ...(retryAfterMs >= 0 && { retryAfterMs }) };
      }
      if (text.trim() === "") return { reason: "answers with an empty body" };
      const value: unknown = JSON.parse(text);
      return Array.isArray(value) ? value : { reason: "answers with something else than a list" };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SyntaxError) return { reason: "answers with something else than JSON" };
      return { reason: `does not answer (${(error as Error).message || (error as { code?: string }).code})` };
    }
  }
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
