import { Agent, request } from "undici";
import { Gate } from "../gate.ts";
import type { Pause } from "../pause.ts";
import { parseApiError } from "./api-error.ts";
import { forbidden, ResourceError, refusedCredentials, refusedRequest, SpotifyStopError } from "./errors.ts";
import { type Credentials, TokenSource } from "./token.ts";

/** Attempts of one request that meets server errors, broken connections or empty answers. */
const MAX_ATTEMPTS = 6;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 20_000;
/** Longest Retry-After that is waited for; Spotify is known to ask for many hours. */
const MAX_RETRY_AFTER_SECONDS = 120;
/** Waits for one request before the crawl is given up as rate limited. */
const MAX_RATE_LIMIT_WAITS = 20;
const ANSWER_TIMEOUT_MS = 30_000;
/** Requests in a row that may fail for good before the API counts as down. */
const MAX_CONSECUTIVE_FAULTS = 3;

export interface ClientOptions {
  /** E.g. `https://api.spotify.com/v1`. */
  apiUrl: string;
  /** E.g. `https://accounts.spotify.com`. */
  accountsUrl: string;
  credentials: Credentials;
  /** Requests at once. */
  concurrency: number;
  pause: Pause;
  now(): number;
  /** In [0, 1), for jitter. */
  random(): number;
  signal: AbortSignal;
  /** Continues a crawl that was stopped, for hints. */
  resumeCommand: string;
  /** Told about waits, so that nobody wonders why nothing moves. */
  note(line: string): void;
}

interface Answer {
  status: number;
  body: unknown;
  retryAfterSeconds: number | null;
}

/**
 * The Spotify Web API: token, bounded concurrency, Retry-After, backoff.
 * https://developer.spotify.com/documentation/web-api/concepts/rate-limits
 */
export class SpotifyClient {
  readonly #agent: Agent;
  readonly #tokens: TokenSource;
  readonly #gate: Gate;
  /** Set once the API gives nothing more: later calls fail at once. */
  #stopped: SpotifyStopError | undefined;
  #faults = 0;
  /** Hosts whose silence has been told, until they answer again. */
  readonly #silent = new Set<string>();

  constructor(private readonly options: ClientOptions) {
    this.#agent = new Agent({
      connections: options.concurrency,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      connectTimeout: 10_000,
    });
    this.#gate = new Gate(options.concurrency, options.pause, options.now, options.signal);
    this.#tokens = new TokenSource(
      options.credentials,
      (...form) => this.#requestToken(...form),
      options.now,
    );
  }

  /**
   * GET of a resource, e.g. `/albums/{id}`, relative to the API's base URL. Always this host, whatever a
   * response's links say, so that no token goes elsewhere.
   * @throws ResourceError when this resource cannot be had, SpotifyStopError when nothing more can,
   * CredentialsError (401, 403), InvalidInputError (400).
   */
  get(path: string, query: Record<string, string | number | undefined> = {}): Promise<unknown> {
    const url = new URL(`${this.options.apiUrl}${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return this.#gate.run(() => this.#get(url, path));
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #get(url: URL, path: string): Promise<unknown> {
    let token = await this.#tokens.get();
    let renewed = false;
    for (let waits = 0; ; ) {
      if (this.#stopped) throw this.#stopped;
      const { status, body, retryAfterSeconds } = await this.#attempts(
        () => this.#send(url, { headers: { authorization: `Bearer ${token}` } }),
        url,
      );
      if (status === 200) return body;
      const error = parseApiError(body);
      const detail = error?.message ?? `status ${status}`;
      if (status === 401) {
        if (renewed) throw refusedCredentials(detail);
        renewed = true;
        token = await this.#tokens.get(token);
      } else if (status === 429) {
        await this.#rateLimited(error?.reason ?? detail, retryAfterSeconds, ++waits);
      } else if (status === 400) throw refusedRequest(path, detail);
      else if (status === 403) throw forbidden(path, detail);
      else throw new ResourceError(status, `Spotify answered ${status} to GET ${path}: ${detail}`);
    }
  }

  /** Waits as long as asked for, every request with it, or stops the crawl. */
  async #rateLimited(reason: string, retryAfterSeconds: number | null, waits: number): Promise<void> {
    if (/QUOTA_EXCEEDED/i.test(reason)) {
      throw this.#stop(
        "QUOTA_EXCEEDED",
        "The Spotify account's quota is used up.",
        `Continue when it is renewed: ${this.options.resumeCommand}`,
      );
    }
    const seconds = retryAfterSeconds ?? Math.min(2 ** waits, 30);
    if (seconds > MAX_RETRY_AFTER_SECONDS || waits > MAX_RATE_LIMIT_WAITS) {
      const until = new Date(this.options.now() + seconds * 1000).toISOString();
      throw this.#stop(
        "RATE_LIMITED",
        `Spotify asks to wait ${seconds} s (until ${until}); edp waits ${MAX_RETRY_AFTER_SECONDS} s at most.`,
        `Continue after that: ${this.options.resumeCommand}`,
      );
    }
    this.options.note(`Spotify's rate limit: waiting ${seconds} s`);
    await this.#gate.pauseAll(seconds * 1000);
  }

  /** Repeats a request that met a server error, a broken connection or an unreadable answer. */
  async #attempts(send: () => Promise<Answer>, url: URL): Promise<Answer> {
    let last: unknown;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      this.options.signal.throwIfAborted();
      if (attempt > 1) this.#tellRetry(url.host, last);
      if (attempt > 1) await this.options.pause(this.#backoff(attempt), this.options.signal);
      try {
        const answer = await send();
        if (answer.status < 500) {
          this.#faults = 0;
          this.#silent.delete(url.host);
          return answer;
        }
        last = new ResourceError(answer.status, `Spotify answered ${answer.status} to ${url.pathname}`);
      } catch (error) {
        this.options.signal.throwIfAborted();
        last = error;
      }
    }
    const message = last instanceof Error ? last.message || (last as { code?: string }).code : String(last);
    if (!(last instanceof ResourceError) || ++this.#faults >= MAX_CONSECUTIVE_FAULTS) {
      throw this.#stop(
        "SPOTIFY_UNREACHABLE",
        `Spotify cannot be reached (${url.host}, ${MAX_ATTEMPTS} attempts): ${message}`,
        `Check ${overridden(url)}the network and a proxy; then run the same command again, it goes on where it stopped.`,
        last,
      );
    }
    throw last;
  }

  /** Says once per outage why nothing moves: the attempts take a quarter of a minute. */
  #tellRetry(host: string, fault: unknown): void {
    if (this.#silent.has(host)) return;
    this.#silent.add(host);
    const what = fault instanceof ResourceError ? `answers ${fault.status}` : "does not answer";
    this.options.note(`${host} ${what}, trying again (up to ${MAX_ATTEMPTS} times) ...`);
  }

  /** Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
  #backoff(attempt: number): number {
    const ceiling = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 2), MAX_BACKOFF_MS);
    return ceiling / 2 + (ceiling / 2) * this.options.random();
  }

  #requestToken(headers: Record<string, string>, form: string): Promise<Answer> {
    const { accountsUrl } = this.options;
    const url = new URL(accountsUrl.endsWith("/api/token") ? accountsUrl : `${accountsUrl}/api/token`);
    return this.#attempts(() => this.#send(url, { method: "POST", headers, body: form }), url);
  }

  /** @throws Error when there is no answer, or one of 200 that is not JSON (seen empty). */
  async #send(
    url: URL,
    options: { method?: "POST"; headers: Record<string, string>; body?: string },
  ): Promise<Answer> {
    const answer = await request(url, { ...options, dispatcher: this.#agent, signal: this.options.signal });
    const text = await answer.body.text();
    const retryAfter = Number(answer.headers["retry-after"] ?? Number.NaN);
    return {
      status: answer.statusCode,
      body: answer.statusCode === 200 ? JSON.parse(text) : parseLoosely(text),
      retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter >= 0 ? Math.max(retryAfter, 1) : null,
    };
  }

  #stop(...parts: ConstructorParameters<typeof SpotifyStopError>): SpotifyStopError {
    this.#stopped ??= new SpotifyStopError(...parts);
    return this.#stopped;
  }
}

/** The variable that led to a host that is not Spotify's own. */
function overridden({ host, pathname }: URL): string {
  if (host === "api.spotify.com" || host === "accounts.spotify.com") return "";
  return `${pathname.endsWith("/api/token") ? "EDP_SPOTIFY_ACCOUNTS_URL" : "EDP_SPOTIFY_API_URL"}, `;
}

/** The body of an error answer; proxies send HTML. */
function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { error: { message: text.slice(0, 200).replaceAll(/\s+/g, " ") || "no body" } };
  }
}
