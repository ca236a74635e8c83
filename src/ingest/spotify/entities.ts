import type { Entity } from "../source.ts";

/** Folder under `raw/` of each entity type that lands. */
export const DATASETS = { album: "albums", track: "tracks", artist: "artists" } as const;
export type EntityType = keyof typeof DATASETS;

/** Ids are base62, 22 characters; other lengths are let through, other characters would not be safe in a key. */
const ID = /^[0-9A-Za-z_-]{1,128}$/;

/** Members that only a full artist has; which of them are there depends on the app's access. */
const FULL_ARTIST_MEMBERS = ["images", "genres", "followers", "popularity"];

/** Members of a full album that its short form lacks. */
const FULL_ALBUM_MEMBERS = new Set(["tracks", "copyrights", "external_ids", "genres", "label", "popularity"]);

export function isEntityType(type: unknown): type is EntityType {
  return typeof type === "string" && Object.hasOwn(DATASETS, type);
}

export function isSafeId(id: unknown): id is string {
  return typeof id === "string" && ID.test(id);
}

/** Object key of an entity. */
export function entityKey(type: EntityType, id: string): string {
  return `raw/${DATASETS[type]}/${id}.json`;
}

/**
 * Whether an entity is in its full form, by the members that the short forms lack:
 * https://developer.spotify.com/documentation/web-api/reference/get-an-album (tracks), get-track (album), get-an-artist.
 */
export function isFull(type: EntityType, entity: Entity): boolean {
  if (type === "album") return isEntity(entity.tracks) && Array.isArray(entity.tracks.items);
  if (type === "track") return isEntity(entity.album);
  return FULL_ARTIST_MEMBERS.some((member) => entity[member] !== undefined);
}

/** The short form of a full album, as other entities embed it. */
export function simplifiedAlbum(album: Entity): Entity {
  return Object.fromEntries(Object.entries(album).filter(([member]) => !FULL_ALBUM_MEMBERS.has(member)));
}

export function isEntity(value: unknown): value is Entity {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
