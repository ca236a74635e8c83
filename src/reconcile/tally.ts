import type { ManifestEntry } from "../ingest/manifest.ts";

/** Why an object lies in a dead-letter queue; from the message's `edp-cause`, or what EventBridge or SNS say. */
export interface DeadLetter {
  key: string;
  errorCode: string | null;
  path: string | null;
  message: string | null;
}

/** Where the accepted objects of a run are: `accepted = processed + rejected + deadLettered + missing`. */
export interface TallyCounts {
  accepted: number;
  /** Their rows lie in an output. */
  processed: number;
  /** Refused for good, with a durable reason beside the outputs. */
  rejected: number;
  deadLettered: number;
  /** None of these, so far. */
  missing: number;
}

/** Name of an object version in a tally, and in `listProcessed`. */
export function versionKey(key: string, version: string): string {
  return `${key}\0${version}`;
}

/** Object key and version of {@link versionKey}. */
export function splitVersionKey(id: string): { key: string; version: string } {
  const at = id.lastIndexOf("\0");
  return { key: id.slice(0, at), version: id.slice(at + 1) };
}

/** Counts each accepted object version once. What has been processed stays so, whatever else comes to light. */
export class Tally {
  #accepted = 0;
  #processed = 0;
  #rejected = 0;
  #missing = new Set<string>();
  #dead = new Map<string, DeadLetter>();

  /** Adds an object of the run. */
  accept({ key, versionId }: Pick<ManifestEntry, "key" | "versionId">): void {
    const id = versionKey(key, versionId ?? "");
    if (this.#missing.has(id)) return;
    this.#missing.add(id);
    this.#accepted++;
  }

  processed(id: string): void {
    if (this.#missing.delete(id) || this.#dead.delete(id)) this.#processed++;
  }

  rejected(id: string): void {
    if (this.#missing.delete(id) || this.#dead.delete(id)) this.#rejected++;
  }

  deadLettered(id: string, letter: DeadLetter): void {
    if (this.#missing.delete(id)) this.#dead.set(id, letter);
  }

  /** Object versions that nothing explains yet. */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  get deadLetters(): DeadLetter[] {
    return [...this.#dead.values()];
  }

  get counts(): TallyCounts {
    return {
      accepted: this.#accepted,
      processed: this.#processed,
      rejected: this.#rejected,
      deadLettered: this.#dead.size,
      missing: this.#missing.size,
    };
  }
}
