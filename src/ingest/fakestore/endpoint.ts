import { Agent, request } from "undici";

/** API Gateway answers after 29 s at the latest. */
const ANSWER_TIMEOUT_MS = 31_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** What the API answered. */
export interface Answer {
  status: number;
  /** Parsed where it is JSON. */
  body: unknown;
  /** `x-amzn-errortype`: what the gateway itself refused. */
  errorType: string | null;
  retryAfterSeconds: number | null;
}

/** `POST {url}/events` with an API key, over connections that are kept. */
export class EventEndpoint {
  readonly #agent: Agent;
  readonly #url: URL;

  /**
   * @param url of the API with its stage, no slash at the end
   * @param key never logged, never in an error
   */
  constructor(
    url: string,
    private readonly key: string,
    connections: number,
  ) {
    this.#url = new URL(`${url}/events`);
    this.#agent = new Agent({
      connections,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
    });
  }

  get host(): string {
    return this.#url.host;
  }

  /** One attempt. @throws Error when there is no answer */
  async post(body: string): Promise<Answer> {
    const answer = await request(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": this.key },
      body,
      dispatcher: this.#agent,
    });
    const text = await answer.body.text();
    const errorType = answer.headers["x-amzn-errortype"];
    const retryAfter = Number(answer.headers["retry-after"] ?? Number.NaN);
    return {
      status: answer.statusCode,
      body: parseLoosely(text),
      errorType: typeof errorType === "string" ? errorType : null,
      retryAfterSeconds: retryAfter >= 0 ? retryAfter : null,
    };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** Proxies and load balancers answer with HTML. */
function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 200);
  }
}
