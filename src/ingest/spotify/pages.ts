import type { Entity } from "../source.ts";
import type { SpotifyClient } from "./client.ts";
import { isEntity } from "./entities.ts";

/** `GET /artists/{id}/albums` takes up to 10, `GET /search` too, `GET /albums/{id}/tracks` up to 50. */
export const PAGE_LIMITS = { search: 10, artistAlbums: 10, albumTracks: 50 } as const;

/** A paging object: https://developer.spotify.com/documentation/web-api/concepts/api-calls */
interface Page {
  items: unknown[];
  next: string | null;
}

/**
 * Every item of a paged resource. Whether there is a next page, and where it begins, comes from `next`;
 * its host and path don't, so that the token goes to no other host.
 * @param first a page that is already there, e.g. inside an album
 */
export async function* pages(
  client: SpotifyClient,
  path: string,
  query: Record<string, string | number | undefined> & { limit: number },
  first?: unknown,
): AsyncGenerator<Entity> {
  let offset = 0;
  let page = isPage(first) ? first : asPage(await client.get(path, { ...query, offset }), path);
  for (;;) {
    for (const item of page.items) if (isEntity(item)) yield item;
    if (page.next === null) return;
    const next = Number(new URL(page.next, "http://page").searchParams.get("offset") ?? Number.NaN);
    // A page that points back at itself would go on for ever.
    offset = next > offset ? next : offset + Math.max(page.items.length, 1);
    page = asPage(await client.get(path, { ...query, offset }), path);
  }
}

function isPage(value: unknown): value is Page {
  return (
    isEntity(value) && Array.isArray(value.items) && (value.next === null || typeof value.next === "string")
  );
}

function asPage(value: unknown, path: string): Page {
  if (isPage(value)) return value;
  if (isEntity(value) && Array.isArray(value.items)) return { items: value.items, next: null };
  throw new Error(`GET ${path} did not answer with a paging object`);
}
