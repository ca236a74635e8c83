import { SortedKeys } from "./sorted-keys.ts";

/** What the engine keeps in memory of each version of an object; the rest lies in its file. */
export interface Version {
  /** Grows with every write of the whole store; versions are ordered by it. */
  sequence: number;
  /** Null is the version of a bucket without (or before, or with suspended) versioning. */
  versionId: string | null;
  size: number;
  /** Without quotes. */
  etag: string;
  /** Milliseconds since the epoch. */
  modified: number;
  deleteMarker: boolean;
}

/** All objects of one bucket: versions by key, newest first, and the keys in listing order. */
export class ObjectIndex {
  #versions = new Map<string, Version[]>();
  readonly keys = new SortedKeys();

  get isEmpty(): boolean {
    return this.#versions.size === 0;
  }

  /** The newest version, which may be a delete marker. */
  latest(key: string): Version | undefined {
    return this.#versions.get(key)?.[0];
  }

  /** All versions of a key, newest first. */
  versions(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  find(key: string, versionId: string | null): Version | undefined {
    return this.#versions.get(key)?.find((version) => version.versionId === versionId);
  }

  /** Adds a version; it takes the place of one with the same id. */
  put(key: string, version: Version): void {
    const versions = this.#versions.get(key);
    if (!versions) {
      // A key cut out of a path would keep the whole path in memory.
      const own = Buffer.from(key).toString();
      this.#versions.set(own, [version]);
      this.keys.add(own);
      return;
    }
    const replaced = versions.findIndex((other) => other.versionId === version.versionId);
    if (replaced !== -1) versions.splice(replaced, 1);
    const at = versions.findIndex((other) => other.sequence < version.sequence);
    versions.splice(at === -1 ? versions.length : at, 0, version);
  }

  remove(key: string, versionId: string | null): void {
    const left = this.versions(key).filter((version) => version.versionId !== versionId);
    if (left.length > 0) {
      this.#versions.set(key, left);
      return;
    }
    this.#versions.delete(key);
    this.keys.delete(key);
  }
}
