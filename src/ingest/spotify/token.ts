import { EdpError, EXIT } from "../../errors.ts";
import { parseApiError } from "./api-error.ts";
import { refusedCredentials } from "./errors.ts";

/** An app's credentials. Never logged, never in an error. */
export interface Credentials {
  clientId: string;
  clientSecret: string;
}

/** A token is renewed this long before it ends. */
const MARGIN_MS = 60_000;

export interface TokenAnswer {
  status: number;
  body: unknown;
}

/** Sends a form to the token endpoint; retries are the sender's. */
export type RequestToken = (headers: Record<string, string>, form: string) => Promise<TokenAnswer>;

/**
 * Access tokens by the client credentials flow: one at a time, shared by all requests, renewed before they end.
 * https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow
 */
export class TokenSource {
  #token: { value: string; expiresAt: number } | undefined;
  #fetching: Promise<string> | undefined;

  constructor(
    private readonly credentials: Credentials,
    private readonly request: RequestToken,
    private readonly now: () => number,
  ) {}

  /**
   * A valid token. `refused` is one that the API has just answered 401 to: it is not given again.
   * @throws CredentialsError when the credentials are refused.
   */
  get(refused?: string): Promise<string> {
    const token = this.#token;
    if (token && token.value !== refused && token.expiresAt > this.now()) return Promise.resolve(token.value);
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<string> {
    const { clientId, clientSecret } = this.credentials;
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`);
    const { status, body } = await this.request(
      {
        authorization: `Basic ${basic.toString("base64")}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      "grant_type=client_credentials",
    );
    if (status !== 200) {
      const detail = parseApiError(body)?.message ?? `status ${status}`;
      if (status === 400 || status === 401 || status === 403) throw refusedCredentials(detail);
      throw new EdpError(
        "SPOTIFY_TOKEN",
        EXIT.notDeployed,
        `Spotify's token endpoint answered ${status}: ${detail}`,
        {
          hint: "Try again later, or check EDP_SPOTIFY_ACCOUNTS_URL.",
        },
      );
    }
    const { access_token: value, expires_in: seconds } = body as {
      access_token?: unknown;
      expires_in?: unknown;
    };
    if (typeof value !== "string" || value === "") {
      throw new EdpError(
        "SPOTIFY_TOKEN",
        EXIT.notDeployed,
        "Spotify's token endpoint answered without an access token.",
        {
          hint: "Check EDP_SPOTIFY_ACCOUNTS_URL.",
        },
      );
    }
    const lifetimeMs = (typeof seconds === "number" ? seconds : 3600) * 1000;
    this.#token = { value, expiresAt: this.now() + Math.max(lifetimeMs - MARGIN_MS, lifetimeMs / 2) };
    return value;
  }
}
