import type { ObjectIndex, Version } from "./object-index.ts";
import { compareKeys, type SortedKeys } from "./sorted-keys.ts";

/** What a list request asks for; empty strings stand for absent. */
export interface ListQuery {
  prefix: string;
  delimiter: string;
  /** Entries come strictly behind this key or common prefix. */
  after: string;
  /** Entries and common prefixes together. */
  maxKeys: number;
}

export interface Page<T> {
  items: T[];
  commonPrefixes: string[];
  truncated: boolean;
  /** Key or common prefix that the page ends with; the next page begins behind it. */
  last: string;
}

export interface KeyedVersion {
  key: string;
  version: Version;
}

/** Lists the objects of a bucket in UTF-8 byte order, grouping keys that share a prefix up to the delimiter. */
export function listObjects(index: ObjectIndex, query: ListQuery): Page<KeyedVersion> {
  return walk(index.keys, query, (key) => {
    const version = index.latest(key);
    return version && !version.deleteMarker ? [{ key, version }] : [];
  });
}

export interface ListVersionsQuery extends ListQuery {
  /** Begins behind this version of the key `after`; `null` is the null version. */
  afterVersionId?: string | null;
}

/** Lists all versions and delete markers, newest first within a key. */
export function listVersions(index: ObjectIndex, query: ListVersionsQuery): Page<KeyedVersion> {
  const all = (key: string) => index.versions(key).map((version) => ({ key, version }));
  if (query.afterVersionId === undefined) return walk(index.keys, query, all);
  // The marked key is listed again, from behind the marked version on.
  const marked = index.versions(query.after).findIndex(({ versionId }) => versionId === query.afterVersionId);
  return walk(
    index.keys,
    query,
    (key) => (key === query.after ? all(key).slice(marked + 1) : all(key)),
    true,
  );
}

/**
 * Walks sorted keys. Below a common prefix it seeks to what follows, so that a listing with a delimiter costs
 * as much as it answers.
 */
export function walk<T>(
  keys: SortedKeys,
  { prefix, delimiter, after, maxKeys }: ListQuery,
  items: (key: string) => readonly T[],
  includeAfter = false,
): Page<T> {
  const page: Page<T> = { items: [], commonPrefixes: [], truncated: false, last: "" };
  if (maxKeys === 0) return page;
  const groupOf = (key: string): string | undefined => {
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    return end === -1 ? undefined : key.slice(0, end + delimiter.length);
  };
  const behind = (group: string) => keys.first((key) => compareKeys(key, group) < 0 || key.startsWith(group));
  const count = () => page.items.length + page.commonPrefixes.length;

  // A page that ended with a common prefix goes on behind everything below it.
  const skipped = after.startsWith(prefix) && groupOf(after) === after ? after : undefined;
  let start: string | undefined = skipped ? behind(skipped) : compareKeys(after, prefix) > 0 ? after : prefix;
  while (start !== undefined) {
    let seek: string | undefined;
    for (const key of keys.from(start)) {
      if (!key.startsWith(prefix)) return page;
      if (key === after && !includeAfter && !skipped) continue;
      const group = groupOf(key);
      const found = items(key);
      if (found.length === 0) continue;
      for (const item of group === undefined ? found : [undefined]) {
        if (count() >= maxKeys) {
          page.truncated = true;
          return page;
        }
        if (item !== undefined) page.items.push(item);
        else page.commonPrefixes.push(group as string);
        page.last = group ?? key;
      }
      if (group !== undefined) {
        seek = group;
        break;
      }
    }
    start = seek === undefined ? undefined : behind(seek);
  }
  return page;
}
