import { describe, expect, it } from "vitest";
import { split } from "../../../../src/ingest/spotify/split.ts";

const artist = { id: "artist1", type: "artist", name: "Some/One?" };
const fullArtist = { ...artist, genres: [], images: [] };
const shortTrack = (id: string) => ({ id, type: "track", name: "Intro", artists: [artist] });
const shortAlbum = { id: "album1", type: "album", name: "Intro", artists: [artist], release_date: "1999" };
const album = {
  ...shortAlbum,
  label: "Long Pier",
  popularity: 3,
  tracks: { items: [shortTrack("track1"), shortTrack("track2")], total: 2, next: null },
};
const fullTrack = { ...shortTrack("track1"), album: shortAlbum, popularity: 5 };
const page = (items: unknown[]) => ({
  href: "https://api",
  items,
  limit: 50,
  next: null,
  offset: 0,
  total: 9,
});

/** Key and form of everything found. */
function keys(response: unknown): string[] {
  return split(response, "file.json").entities.map(({ key, full }) => `${full ? "full" : "short"} ${key}`);
}

describe("a recorded response is split", () => {
  it("album: itself, its artists and its tracks", () => {
    expect(keys(album)).toEqual([
      "full raw/albums/album1.json",
      "short raw/artists/artist1.json",
      "short raw/tracks/track1.json",
      "short raw/artists/artist1.json",
      "short raw/albums/album1.json",
      "short raw/artists/artist1.json",
      "short raw/tracks/track2.json",
      "short raw/artists/artist1.json",
      "short raw/albums/album1.json",
      "short raw/artists/artist1.json",
    ]);
  });

  it("a track inside an album gets the album's short form, and stays a short form itself", () => {
    const track = split(album, "file.json").entities.find(({ id }) => id === "track1");
    expect(track?.entity.album).toEqual(shortAlbum);
    expect(track?.full).toBe(false);
  });

  it("track: itself, its album and its artists in short form", () => {
    expect(keys(fullTrack)).toEqual([
      "full raw/tracks/track1.json",
      "short raw/artists/artist1.json",
      "short raw/albums/album1.json",
      "short raw/artists/artist1.json",
    ]);
  });

  it("artist: full where it has more than a name", () => {
    expect(keys(fullArtist)).toEqual(["full raw/artists/artist1.json"]);
    expect(keys(artist)).toEqual(["short raw/artists/artist1.json"]);
  });

  it.each([
    ["a paging object", page([fullArtist])],
    ["a search result", { artists: page([fullArtist]) }],
    ["a list of several", { artists: [fullArtist] }],
    ["a plain list", [fullArtist]],
    ["a wrapped item", { added_at: "2026-01-01T00:00:00Z", item: fullArtist }],
    ["a page of wrapped items", page([{ item: fullArtist }])],
  ])("%s", (_case, response) => {
    expect(split(response, "file.json")).toMatchObject({
      entities: [{ key: "raw/artists/artist1.json", dataset: "artists", origin: "file.json" }],
      skipped: [],
    });
  });

  it("every kind of result of one search", () => {
    const { entities, skipped } = split(
      { artists: page([fullArtist]), tracks: page([]), playlists: page([{}]) },
      "f",
    );
    expect(entities).toHaveLength(1);
    expect(skipped).toEqual([
      { path: "playlists", reason: "playlists are not part of this pipeline", status: "skipped" },
    ]);
  });
});

describe("what is no entity is left out with its reason", () => {
  it.each([
    [
      { error: { status: 401, message: "The access token expired" } },
      "API error 401: The access token expired",
    ],
    [
      { error: { status: 429, message: "Too many", reason: "QUOTA_EXCEEDED" } },
      "API error 429: Too many (QUOTA_EXCEEDED)",
    ],
    [
      { error: "invalid_client", error_description: "Invalid client" },
      "API error: invalid_client: Invalid client",
    ],
    [null, "is null"],
    [{ id: null, type: "track", name: "my.mp3" }, "has no Spotify id (a local file)"],
    [{ id: "x", type: "track", is_local: true }, "has no Spotify id (a local file)"],
    [
      { id: "x", type: "episode" },
      'is of type "episode"; only albums, tracks and artists are part of this pipeline',
    ],
  ])("skipped: %j", (response, reason) => {
    expect(split(response, "f")).toEqual({
      entities: [],
      skipped: [{ path: "", reason, status: "skipped" }],
    });
  });

  it.each([[{ foo: 1 }], ["text"], [7], [{ id: "../../etc", type: "artist" }], [{ id: 12, type: "artist" }]])(
    "failed, since it should have been one: %j",
    (response) => {
      expect(split(response, "f")).toMatchObject({ entities: [], skipped: [{ status: "failed" }] });
    },
  );

  it("names the place inside the response", () => {
    expect(split(page([fullArtist, null]), "f").skipped).toMatchObject([
      { path: "items[1]", reason: "is null" },
    ]);
  });
});
