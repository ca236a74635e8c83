import type { LandingObject } from "./landing-object.ts";

/**
 * What became of an object. `accepted`: stored for good, under its version id, or `etag:<etag>` where the bucket
 * has no versions, or null outside of a bucket; `unchanged`: the same bytes were there; `fuller`:
 * a full entity was there and this is its short form.
 */
export type Outcome =
  | { status: "accepted"; version: string | null }
  | { status: "unchanged" }
  | { status: "fuller" };

/** Where a run's objects go: the landing bucket, or a directory. */
export interface Sink {
  /**
   * Stores an object unless it is there already. Safe for parallel calls.
   * @throws SinkUnreachableError when no further object can be stored; any other error is of this object alone.
   */
  store(object: LandingObject): Promise<Outcome>;
  /** What `store` would answer, without storing. */
  preview(object: LandingObject): Promise<Outcome["status"]>;
  close(): Promise<void>;
}

/** The sink does not answer any more: the run ends here. */
export class SinkUnreachableError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "SinkUnreachableError";
  }
}

/** What a sink knows to lie under a key. */
export interface StoredObject {
  sha256: string | undefined;
  full: boolean;
}

/** Decides between an object and what lies under its key. */
export function compare(object: LandingObject, stored: StoredObject): "replace" | "unchanged" | "fuller" {
  // A full entity that had landed in its short form's very bytes is stored again, so that it counts as full.
  if (stored.sha256 === object.sha256 && (stored.full || !object.full)) return "unchanged";
  return stored.full && !object.full ? "fuller" : "replace";
}
