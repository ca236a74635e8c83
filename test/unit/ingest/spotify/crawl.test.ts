import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RejectedInput, SourceEntity } from "../../../../src/ingest/source.ts";
import { SpotifyClient } from "../../../../src/ingest/spotify/client.ts";
import { Crawl } from "../../../../src/ingest/spotify/crawl.ts";
import type { CrawlProgress, CrawlQuery } from "../../../../src/ingest/spotify/cursor.ts";
import type { ChooseArtist } from "../../../../src/ingest/spotify/match-artist.ts";
import { CLIENT, type FakeSpotify, startFakeSpotify } from "../../../support/fake-spotify.ts";

let fake: FakeSpotify;
let client: SpotifyClient;
let clock: number;
let waits: number[];
let notes: string[];
let abort: AbortController;

beforeEach(async () => {
  fake = await startFakeSpotify();
  connect();
});
afterEach(async () => {
  await client.close();
  await fake.close();
});

function connect(credentials = CLIENT, accountsUrl = fake.accountsUrl): void {
  clock = 0;
  waits = [];
  notes = [];
  abort = new AbortController();
  client = new SpotifyClient({
    apiUrl: fake.apiUrl,
    accountsUrl,
    credentials,
    concurrency: 4,
    pause: async (ms) => {
      waits.push(ms);
      clock += ms;
    },
    now: () => clock,
    random: () => 0,
    signal: abort.signal,
    note: (line) => notes.push(line),
    resumeCommand: "npx edp ingest spotify --resume",
  });
}

function query(overrides: Partial<CrawlQuery> = {}): CrawlQuery {
  const first = String(fake.artists[0]?.id);
  const everything = ["album", "single", "compilation"];
  return { artists: [], artistIds: [first], market: null, include: everything, ...overrides };
}

async function crawl(
  options: { query?: Partial<CrawlQuery>; choose?: ChooseArtist; cursor?: CrawlProgress } = {},
) {
  const source = new Crawl(client, query(options.query), options.choose ?? null, options.cursor);
  const entities: SourceEntity[] = [];
  const rejected: RejectedInput[] = [];
  for await (const entity of source.entities((input) => rejected.push(input))) entities.push(entity);
  const full = (dataset: string) =>
    entities.filter((one) => one.full && one.dataset === dataset).map((one) => one.id);
  return {
    source,
    entities,
    rejected,
    albums: full("albums"),
    tracks: full("tracks"),
    artists: full("artists"),
  };
}

/** What the fake holds of its first artist. */
function expected() {
  const id = fake.artists[0]?.id;
  const albums = [...fake.albums.values()].filter((album) =>
    (album.artists as { id: string }[]).some((one) => one.id === id),
  );
  const tracks = albums.flatMap((album) =>
    (album.tracks as { items: { id: string }[] }).items.map((one) => one.id),
  );
  return { albums: albums.map((album) => String(album.id)), tracks };
}

describe("a crawl", () => {
  it("fetches the artist, every album and every track in full form, through all pages", async () => {
    const { albums, tracks, artists, rejected } = await crawl();
    expect(artists).toEqual([fake.artists[0]?.id]);
    expect(albums.sort()).toEqual(expected().albums.sort());
    expect(tracks.sort()).toEqual(expected().tracks.sort());
    expect(tracks.length).toBeGreaterThan(10);
    expect(rejected).toEqual([]);
  });

  it("pages on its own host even where `next` names another", async () => {
    fake.faults.nextHost = "http://198.51.100.1:9";
    expect((await crawl()).tracks.sort()).toEqual(expected().tracks.sort());
  });

  it("asks for no larger pages than the API takes", async () => {
    await crawl();
    const limits = fake.requests
      .map((line) => /\/(albums|tracks)\?.*limit=(\d+)/.exec(line)?.slice(1))
      .filter(Boolean);
    expect(limits).toContainEqual(["albums", "10"]);
    expect(limits).toContainEqual(["tracks", "50"]);
  });

  it("hands the market to every request that knows one", async () => {
    await crawl({ query: { market: "DE" } });
    const without = fake.requests.filter(
      (line) => /\/v1\/(albums|tracks)|\/albums\?/.test(line) && !/market=DE/.test(line),
    );
    expect(without).toEqual([]);
  });

  it("fetches one new token when the old one ends in the middle", async () => {
    fake.faults.expireTokenAfter = 6;
    expect((await crawl()).tracks.sort()).toEqual(expected().tracks.sort());
    expect(fake.requests.filter((line) => line.includes("/api/token"))).toHaveLength(2);
  });

  it("waits as long as Retry-After says, then goes on", async () => {
    fake.faults = { rateLimited: 1, retryAfterSeconds: 17 };
    expect((await crawl()).tracks.sort()).toEqual(expected().tracks.sort());
    expect(waits).toEqual([17_000]);
  });

  it("does not wait for hours: it stops with a cursor and says until when", async () => {
    fake.faults = { rateLimited: 1, retryAfterSeconds: 40_000 };
    const { source } = await crawl();
    expect(source.stopped()).toMatchObject({
      code: "RATE_LIMITED",
      message: expect.stringContaining("40000 s"),
    });
    expect(waits).toEqual([]);
  });

  it.each([
    ["server errors", { serverErrors: 3 }],
    ["broken connections", { resets: 3 }],
    ["empty bodies", { emptyBodies: 3 }],
  ])("gets over %s by trying again after growing pauses", async (_case, faults) => {
    fake.faults = faults;
    expect((await crawl()).tracks.sort()).toEqual(expected().tracks.sort());
    expect(waits).toEqual([250, 500, 1000]);
  });

  it("counts one track that stays broken as failed and fetches the others", async () => {
    const [broken] = expected().tracks;
    fake.faults.missingPath = new RegExp(`/tracks/${broken}$`);
    const { tracks, rejected } = await crawl();
    expect(tracks.sort()).toEqual(
      expected()
        .tracks.filter((id) => id !== broken)
        .sort(),
    );
    expect(rejected).toMatchObject([{ status: "failed", reason: expect.stringContaining("404") }]);
  });

  it("stops after several faults in a row instead of trying everything for hours", async () => {
    fake.faults.brokenPath = /\/tracks\/./;
    const { source } = await crawl();
    expect(source.stopped()?.code).toBe("SPOTIFY_UNREACHABLE");
  });
});

describe("a crawl that meets the end of the quota", () => {
  it.each([0, 1, 5, 9, 14])("after %i answers has everything once it was resumed", async (quota) => {
    fake.faults.quota = quota;
    const first = await crawl();
    expect(first.source.stopped()).toMatchObject({
      code: "QUOTA_EXCEEDED",
      hint: expect.stringContaining("--resume"),
    });
    const cursor = first.source.cursor(0, new Set());
    fake.faults.quota = undefined;
    await client.close();
    connect();
    const second = await crawl({ cursor });
    expect(second.source.stopped()).toBeNull();
    expect([...new Set([...first.tracks, ...second.tracks])].sort()).toEqual(expected().tracks.sort());
    expect([...new Set([...first.albums, ...second.albums])].sort()).toEqual(expected().albums.sort());
    expect(second.tracks.filter((id) => first.tracks.includes(id))).toEqual([]);
  });

  it("fetches again what could not be stored", async () => {
    fake.faults.quota = 14;
    const first = await crawl();
    const lost = first.entities.find((one) => one.dataset === "tracks" && one.full);
    const cursor = first.source.cursor(0, new Set([String(lost?.origin)]));
    fake.faults.quota = undefined;
    await client.close();
    connect();
    expect((await crawl({ cursor })).tracks).toContain(lost?.id);
  });
});

describe("a crawl by name", () => {
  const named = (index: number, name: string) => Object.assign(fake.artists[index] ?? {}, { name });

  it("takes the only artist of exactly that name, not the first hit", async () => {
    named(0, "Harbour Lights Band");
    named(1, "Harbour Lights");
    expect((await crawl({ query: { artists: ["Harbour Lights"], artistIds: [] } })).artists).toEqual([
      fake.artists[1]?.id,
    ]);
  });

  it("fails with the candidates and their ids when no name is the same", async () => {
    named(0, "Harbour Lights Band");
    await expect(crawl({ query: { artists: ["Harbour Li"], artistIds: [] } })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(String(fake.artists[0]?.id)),
    });
  });

  it("fails when two artists share the name", async () => {
    named(0, "Harbour Lights");
    named(1, "Harbour Lights");
    await expect(crawl({ query: { artists: ["Harbour Lights"], artistIds: [] } })).rejects.toMatchObject({
      code: "ARTIST_AMBIGUOUS",
      data: { candidates: [0, 1].map((n) => expect.objectContaining({ id: fake.artists[n]?.id })) },
    });
  });

  it("asks where somebody can answer", async () => {
    named(0, "Harbour Lights");
    named(1, "Harbour Lights");
    const choose: ChooseArtist = async (_name, found) => found[1]?.id ?? "";
    const { artists } = await crawl({ query: { artists: ["Harbour Lights"], artistIds: [] }, choose });
    expect(artists).toEqual([fake.artists[1]?.id]);
  });

  it("says that nobody has the name", async () => {
    await expect(crawl({ query: { artists: ["Zzyzx"], artistIds: [] } })).rejects.toMatchObject({
      code: "ARTIST_NOT_FOUND",
      exitCode: 3,
    });
  });
});

describe("a crawl that cannot begin", () => {
  it("names an unknown artist id", async () => {
    await expect(crawl({ query: { artistIds: ["nobody"] } })).rejects.toMatchObject({
      exitCode: 3,
      message: "Spotify knows no artist with the id nobody.",
    });
  });

  it("reports refused credentials without repeating them", async () => {
    await client.close();
    connect({ clientId: "test-client", clientSecret: "wrong-secret" });
    const error = await crawl().then(
      () => null,
      (thrown: Error & { hint?: string; exitCode?: number }) => thrown,
    );
    expect(error).toMatchObject({ exitCode: 4, message: expect.stringContaining("Invalid client") });
    expect(`${error?.message}${error?.hint}${error?.stack}`).not.toMatch(/wrong-secret|Basic /);
  });

  it("explains a 403 by the owner's Premium", async () => {
    fake.faults.premiumLapsed = true;
    await expect(crawl()).rejects.toMatchObject({ exitCode: 4, hint: expect.stringContaining("Premium") });
  });

  it("names the host that is silent and the variable that led there, and tells once that it tries again", async () => {
    await client.close();
    connect(CLIENT, "http://127.0.0.1:9");
    await expect(crawl()).rejects.toMatchObject({
      message: expect.stringContaining("127.0.0.1:9, 6 attempts"),
      hint: expect.stringContaining("EDP_SPOTIFY_ACCOUNTS_URL"),
    });
    expect(notes).toEqual(["127.0.0.1:9 does not answer, trying again (up to 6 times) ..."]);
  });

  it("reports a host that does not answer after some attempts", async () => {
    fake.faults.resets = 1_000;
    await expect(crawl()).rejects.toMatchObject({ code: "SPOTIFY_UNREACHABLE", exitCode: 7 });
  });

  it("ends at once when interrupted", async () => {
    abort.abort(new Error("interrupted"));
    await expect(crawl()).rejects.toThrow("interrupted");
  });
});
