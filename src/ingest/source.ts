/** A JSON object as a source gave it. */
export type Entity = Record<string, unknown>;

/** One entity that a source has, ready to land under a key of its own. */
export interface SourceEntity {
  /** Folder of its key and name of its table, e.g. `tracks`. */
  dataset: string;
  id: string;
  /** Object key in the landing bucket: `raw/<dataset>/<id>.json`. Made of ids, since names collide. */
  key: string;
  entity: Entity;
  /** False for the short form that sources embed in other entities; it never replaces a full one. */
  full: boolean;
  /** Where it came from: a file, or a path of the API. */
  origin: string;
}

/** Input that became no entity. `skipped` is by design (an API error body), `failed` is a fault. */
export interface RejectedInput {
  /** File (with the place inside it) or path of the API. */
  file: string;
  reason: string;
  status: "skipped" | "failed";
}

/** Why a run ended before its source did. */
export interface Stop {
  code: string;
  message: string;
  /** What continues the run. */
  hint: string;
}

/**
 * An external source of data: an API, recorded files, a generator. Entities are yielded as they come, so
 * that a source of any size needs little memory.
 */
export interface Source {
  /** True when no key comes twice. Otherwise the fuller of two entities wins, see `preferFull`. */
  readonly distinct: boolean;
  /** Number of entities, where it is known beforehand. */
  readonly total?: number;
  /** @throws EdpError when the source cannot be used at all; single faults go to `reject`. */
  entities(reject: (input: RejectedInput) => void): AsyncIterable<SourceEntity>;
  /** Set when `entities` ended early but cleanly, e.g. because a quota is used up. */
  stopped?(): Stop | null;
}
