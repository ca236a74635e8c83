import {
  boolean,
  date,
  int64,
  list,
  required,
  type Struct,
  string,
  struct,
} from "../../shared/parquet/schema.ts";

/** Version of the schemas below, kept in each file's footer. Raise it when a column changes its type. */
export const SCHEMA_VERSION = 1;

const urls = struct({ spotify: string });
const ids = struct({ isrc: string, ean: string, upc: string });
const restrictions = struct({ reason: string });
const images = list(struct({ height: int64, url: string, width: int64 }));

/** What every entity has. `id` and `type` are the only members an entity can't do without. */
const identity = {
  external_urls: urls,
  href: string,
  id: required(string),
  type: required(string),
  uri: string,
};

/** The same inside another entity, where local files have neither id nor URL. */
const reference = { ...identity, id: string, type: string };

const artistReference = struct({ ...reference, name: string });

const trackFields = {
  artists: list(artistReference),
  available_markets: list(string),
  disc_number: int64,
  duration_ms: int64,
  explicit: boolean,
  is_local: boolean,
  is_playable: boolean,
  linked_from: struct(reference),
  name: string,
  preview_url: string,
  restrictions,
  track_number: int64,
};

const albumFields = {
  album_group: string,
  album_type: string,
  artists: list(artistReference),
  available_markets: list(string),
  images,
  is_playable: boolean,
  name: string,
  release_date: date,
  release_date_precision: string,
  restrictions,
  total_tracks: int64,
};

/**
 * Spotify's `release_date` is text of a year, month or day. Recordings of the early Web API have an object
 * `{year, month, day}` instead, and `0000` stands for an unknown year. A missing precision follows from the text.
 */
function prepareReleaseDate(album: Record<string, unknown>): void {
  const given = album.release_date;
  if (given === undefined || given === null) return;
  if (typeof given === "object" && !Array.isArray(given)) {
    const { year, month, day } = given as Record<string, unknown>;
    if (!Number.isInteger(year)) return;
    const parts = [String(year).padStart(4, "0")];
    if (Number.isInteger(month)) parts.push(String(month).padStart(2, "0"));
    if (Number.isInteger(month) && Number.isInteger(day)) parts.push(String(day).padStart(2, "0"));
    album.release_date = parts.join("-");
  }
  const text = album.release_date;
  if (typeof text !== "string") return;
  album.release_date_precision ??= text.length === 4 ? "year" : text.length === 7 ? "month" : "day";
  if (text.startsWith("0000")) album.release_date = null;
}

/** One dataset: the folder of its keys, the `type` of its entities, and their fields. */
export interface Dataset {
  name: string;
  type: string;
  fields: Struct;
}

/** Simplified and full entities both fit: https://developer.spotify.com/documentation/web-api/reference/get-track */
const tracks: Struct = struct({
  ...identity,
  ...trackFields,
  album: struct({ ...reference, ...albumFields }, prepareReleaseDate),
  external_ids: ids,
  popularity: int64,
});

const albums: Struct = struct(
  {
    ...identity,
    ...albumFields,
    copyrights: list(struct({ text: string, type: string })),
    external_ids: ids,
    genres: list(string),
    label: string,
    popularity: int64,
    tracks: struct({
      href: string,
      items: list(struct({ ...reference, ...trackFields })),
      limit: int64,
      next: string,
      offset: int64,
      previous: string,
      total: int64,
    }),
  },
  prepareReleaseDate,
);

const artists: Struct = struct({
  ...identity,
  followers: struct({ href: string, total: int64 }),
  genres: list(string),
  images,
  name: string,
  popularity: int64,
});

/** Every dataset, by the folder under `raw/` that its objects lie in. */
export const datasets: ReadonlyMap<string, Dataset> = new Map(
  [
    { name: "albums", type: "album", fields: albums },
    { name: "tracks", type: "track", fields: tracks },
    { name: "artists", type: "artist", fields: artists },
  ].map((dataset) => [dataset.name, dataset]),
);
