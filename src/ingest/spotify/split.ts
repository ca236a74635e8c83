import type { Entity, SourceEntity } from "../source.ts";
import { apiErrorReason } from "./api-error.ts";
import {
  DATASETS,
  entityKey,
  isEntity,
  isEntityType,
  isFull,
  isSafeId,
  simplifiedAlbum,
} from "./entities.ts";

/** Members under which responses keep lists or paging objects of entities. */
const LISTS = ["albums", "tracks", "artists", "items"] as const;
/** Lists of a search response that are not part of the pipeline. */
const FOREIGN_LISTS = ["playlists", "shows", "episodes", "audiobooks", "chapters"] as const;
/** Members that wrap one entity, as in saved albums and playlist items. */
const WRAPPERS = ["item", "track", "album", "artist"] as const;

/** A part of a response that is no entity of ours. */
export interface Skipped {
  /** JSON path within the response; empty for the whole. */
  path: string;
  reason: string;
  /** `failed` where it should have been one. */
  status: "skipped" | "failed";
}

export interface Split {
  entities: SourceEntity[];
  skipped: Skipped[];
}

/**
 * Splits a response of the Spotify Web API into its single entities: an album, track or artist with all that
 * it embeds, a paging object, a search result, `{albums: [...]}`, wrapped items, or a list of any of these.
 * A track inside an album gets the album's short form where it has none. Nothing is dropped without a reason.
 * @param origin what the entities name as their origin
 */
export function split(response: unknown, origin: string): Split {
  const result: Split = { entities: [], skipped: [] };
  visit(response, "");
  return result;

  function visit(value: unknown, path: string): void {
    if (Array.isArray(value)) {
      value.forEach((item, index) => {
        visit(item, `${path}[${index}]`);
      });
      return;
    }
    const failure = apiErrorReason(value);
    if (value === null) skip(path, "is null");
    else if (!isEntity(value)) skip(path, `is a ${typeof value}, not a Spotify object`, "failed");
    else if (isEntityType(value.type)) entity(value, path);
    else if (failure) skip(path, failure);
    else if (!visitMembers(value, path)) unknown(value, path);
  }

  /** Goes into a response that holds entities; false when it holds none. */
  function visitMembers(value: Entity, path: string): boolean {
    let known = false;
    const at = (member: string) => (path === "" ? member : `${path}.${member}`);
    for (const member of LISTS) {
      const list = value[member];
      if (!Array.isArray(list) && !(isEntity(list) && Array.isArray(list.items))) continue;
      known = true;
      visit(list, at(member));
    }
    for (const member of FOREIGN_LISTS) {
      if (!isEntity(value[member])) continue;
      known = true;
      skip(at(member), `${member} are not part of this pipeline`);
    }
    if (known) return true;
    const wrapper = WRAPPERS.find((member) => member in value);
    if (wrapper) visit(value[wrapper], at(wrapper));
    return wrapper !== undefined;
  }

  function entity(value: Entity, path: string, forceShort = false): void {
    const type = value.type;
    if (!isEntityType(type)) return;
    const { id } = value;
    if (value.is_local === true || id === null) {
      skip(path, `has no Spotify id (a local file)`);
      return;
    }
    if (!isSafeId(id)) {
      const text = JSON.stringify(id)?.slice(0, 80) ?? "absent";
      skip(path, `has an id that is no Spotify id: ${text}`, "failed");
      return;
    }
    const full = !forceShort && isFull(type, value);
    result.entities.push({
      dataset: DATASETS[type],
      id,
      key: entityKey(type, id),
      entity: value,
      full,
      origin,
    });
    embedded(value, path);
  }

  function embedded(value: Entity, path: string): void {
    const at = (member: string) => (path === "" ? member : `${path}.${member}`);
    if (Array.isArray(value.artists)) visit(value.artists, at("artists"));
    if (isEntity(value.album)) visit(value.album, at("album"));
    if (value.type !== "album" || !isEntity(value.tracks) || !Array.isArray(value.tracks.items)) return;
    value.tracks.items.forEach((track: unknown, index) => {
      const place = at(`tracks.items[${index}]`);
      if (!isEntity(track) || track.type !== "track") visit(track, place);
      else if (isEntity(track.album)) entity(track, place);
      else entity({ ...track, album: simplifiedAlbum(value) }, place, true);
    });
  }

  /** Types of Spotify that don't land are left out; whatever else it is should not be here. */
  function unknown(value: Entity, path: string): void {
    if (typeof value.type === "string") {
      const type = JSON.stringify(value.type);
      skip(path, `is of type ${type}; only albums, tracks and artists are part of this pipeline`);
      return;
    }
    const members = Object.keys(value).slice(0, 5).join(", ") || "no members";
    skip(path, `is no Spotify album, track, artist or list of these (it has ${members})`, "failed");
  }

  function skip(path: string, reason: string, status: Skipped["status"] = "skipped"): void {
    result.skipped.push({ path, reason, status });
  }
}
