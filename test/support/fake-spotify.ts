import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Entity } from "../../src/ingest/source.ts";
import { sampleEntities } from "../../src/ingest/spotify/sample.ts";

/** How the fake misbehaves; each switch counts answers down or stays on. */
export interface Faults {
  /** Answers 401 to the token in use, once this many API requests have been answered. */
  expireTokenAfter?: number;
  /** Answers 429 with this Retry-After to the next `rateLimited` requests. */
  retryAfterSeconds?: number;
  rateLimited?: number;
  /** Answers 429 QUOTA_EXCEEDED from this many API requests on. */
  quota?: number;
  /** Answers 503 to the next requests. */
  serverErrors?: number;
  /** Answers 503 for ever to paths that match. */
  brokenPath?: RegExp;
  /** Answers 404 to paths that match. */
  missingPath?: RegExp;
  /** Breaks the connection of the next requests. */
  resets?: number;
  /** Answers 200 with no body to the next requests. */
  emptyBodies?: number;
  /** Answers 403 to everything, as when the app owner's Premium has lapsed. */
  premiumLapsed?: boolean;
  /** `next` links point to this host instead of the fake's own. */
  nextHost?: string;
}

export interface FakeSpotify {
  apiUrl: string;
  accountsUrl: string;
  faults: Faults;
  /** Method, path and query of every request. */
  requests: string[];
  /** Tokens given out so far. */
  tokens: string[];
  artists: Entity[];
  albums: Map<string, Entity>;
  tracks: Map<string, Entity>;
  close(): Promise<void>;
}

export const CLIENT = { clientId: "test-client", clientSecret: "test-secret" };

/** An HTTP server that answers as accounts.spotify.com and api.spotify.com/v1 do, from the sample generator. */
export async function startFakeSpotify(
  options: { tracks?: number; seed?: number } = {},
): Promise<FakeSpotify> {
  const albums = new Map<string, Entity>();
  const tracks = new Map<string, Entity>();
  const artists: Entity[] = [];
  for (const { dataset, id, entity } of sampleEntities(options.tracks ?? 60, options.seed ?? 7)) {
    if (dataset === "artists") artists.push(entity);
    else (dataset === "albums" ? albums : tracks).set(id, entity);
  }
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: FakeSpotify = {
    apiUrl: `${origin}/v1`,
    accountsUrl: origin,
    faults: {},
    requests: [],
    tokens: [],
    artists,
    albums,
    tracks,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  let answered = 0;
  return fake;

  function answer(request: IncomingMessage, response: ServerResponse): unknown {
    const url = new URL(request.url ?? "/", origin);
    fake.requests.push(`${request.method} ${url.pathname}${url.search}`);
    const { faults } = fake;
    if (take("resets")) return request.socket.destroy();
    if (url.pathname === "/api/token") return token(request, response);
    if (take("serverErrors") || faults.brokenPath?.test(url.pathname)) return send(response, 503, {});
    if (take("emptyBodies")) return response.writeHead(200).end();
    if (take("rateLimited")) {
      response.setHeader("retry-after", String(faults.retryAfterSeconds ?? 1));
      return fail(response, 429, "API rate limit exceeded");
    }
    if (faults.expireTokenAfter !== undefined && answered >= faults.expireTokenAfter) {
      faults.expireTokenAfter = undefined;
      fake.tokens.push("expired");
    }
    if (request.headers.authorization !== `Bearer ${fake.tokens.at(-1)}`) {
      return fail(response, 401, "The access token expired");
    }
    if (faults.premiumLapsed)
      return fail(response, 403, "Active premium subscription required for the owner of the app.");
    if (faults.quota !== undefined && answered >= faults.quota) {
      return send(response, 429, {
        error: { status: 429, message: "Too many requests", reason: "QUOTA_EXCEEDED" },
      });
    }
    answered++;
    if (faults.missingPath?.test(url.pathname)) return fail(response, 404, "Resource not found");
    return route(url, response);
  }

  /** Whether a countdown switch is on; counts it down. */
  function take(name: "resets" | "serverErrors" | "emptyBodies" | "rateLimited"): boolean {
    const left = fake.faults[name] ?? 0;
    if (left > 0) fake.faults[name] = left - 1;
    return left > 0;
  }

  function token(request: IncomingMessage, response: ServerResponse): ServerResponse {
    const basic = Buffer.from(`${CLIENT.clientId}:${CLIENT.clientSecret}`).toString("base64");
    if (request.headers.authorization !== `Basic ${basic}`) {
      return send(response, 400, { error: "invalid_client", error_description: "Invalid client" });
    }
    fake.tokens.push(`token-${fake.tokens.length + 1}`);
    return send(response, 200, { access_token: fake.tokens.at(-1), token_type: "Bearer", expires_in: 3600 });
  }

  function route(url: URL, response: ServerResponse): ServerResponse {
    const [, , kind, id = "", sub] = url.pathname.split("/");
    if (kind === "search") {
      const query = url.searchParams.get("q")?.toLowerCase() ?? "";
      const found = artists.filter((one) => String(one.name).toLowerCase().includes(query));
      return page(url, response, found, 10, (paging) => ({ artists: paging }));
    }
    const artist = artists.find((one) => one.id === id);
    if (kind === "artists" && artist && sub === "albums") {
      const groups = url.searchParams.get("include_groups")?.split(",");
      const own = [...albums.values()]
        .filter((album) => (album.artists as Entity[]).some((one) => one.id === id))
        .filter((album) => !groups || groups.includes(String(album.album_type)))
        .map(
          ({ tracks: _tracks, copyrights: _copyrights, label: _label, genres: _genres, ...short }) => short,
        );
      return page(url, response, own, 10);
    }
    const album = albums.get(id);
    if (kind === "albums" && album && sub === "tracks") {
      return page(url, response, (album.tracks as { items: Entity[] }).items, 50);
    }
    const entity = kind === "artists" ? artist : kind === "albums" ? album : tracks.get(id);
    if (!entity || sub !== undefined) return fail(response, 404, "Resource not found");
    return send(response, 200, kind === "albums" ? withFirstTracks(url, entity) : entity);
  }

  /** A full album embeds its first tracks only; few here, so that paging is needed. */
  function withFirstTracks(url: URL, album: Entity): Entity {
    const { items } = album.tracks as { items: Entity[] };
    const limit = 4;
    const next =
      items.length > limit ? `${nextOrigin()}${url.pathname}/tracks?offset=${limit}&limit=${limit}` : null;
    return { ...album, tracks: { ...(album.tracks as Entity), items: items.slice(0, limit), limit, next } };
  }

  function page(
    url: URL,
    response: ServerResponse,
    items: Entity[],
    maxLimit: number,
    wrap: (paging: Entity) => Entity = (paging) => paging,
  ): ServerResponse {
    const limit = Number(url.searchParams.get("limit") ?? 5);
    const offset = Number(url.searchParams.get("offset") ?? 0);
    if (!(limit >= 1 && limit <= maxLimit)) return fail(response, 400, "Invalid limit");
    const more = offset + limit < items.length;
    const next = new URL(`${nextOrigin()}${url.pathname}${url.search}`);
    next.searchParams.set("offset", String(offset + limit));
    const paging = {
      href: url.href,
      items: items.slice(offset, offset + limit),
      limit,
      next: more ? next.href : null,
      offset,
      previous: null,
      total: items.length,
    };
    return send(response, 200, wrap(paging));
  }

  function nextOrigin(): string {
    return fake.faults.nextHost ?? origin;
  }

  function fail(response: ServerResponse, status: number, message: string): ServerResponse {
    return send(response, status, { error: { status, message } });
  }

  function send(response: ServerResponse, status: number, body: unknown): ServerResponse {
    return response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
}
