import type { ManifestEntry } from "../ingest/manifest.ts";
import type { End } from "./proof.ts";

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
  #missing = new Set<string>();
  #ends = new Map<string, End>();
  #counts = { accepted: 0, processed: 0, rejected: 0, deadLettered: 0 };

  /** Adds an object of the run. */
  accept({ key, versionId }: Pick<ManifestEntry, "key" | "versionId">): void {
    const id = versionKey(key, versionId ?? "");
    if (this.#missing.has(id) || this.#ends.has(id)) return;
    this.#missing.add(id);
    this.#counts.accepted++;
  }

  /** Notes where an object has ended; one of another run is passed over. Only a dead letter can still come to another end. */
  settle(id: string, end: End): void {
    const before = this.#ends.get(id);
    if (before === undefined ? !this.#missing.delete(id) : before.state !== "deadLettered") return;
    if (before) this.#counts[before.state]--;
    this.#counts[end.state]++;
    this.#ends.set(id, end);
  }

  /** Object versions that nothing explains yet. */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  /** Where an object version has ended; undefined for one that is missing. */
  endOf(id: string): End | undefined {
    return this.#ends.get(id);
  }

  get deadLetters(): DeadLetter[] {
    return [...this.#ends].flatMap(([id, end]) => {
      if (end.state !== "deadLettered") return [];
      const { errorCode, path, message } = end;
      return [{ key: splitVersionKey(id).key, errorCode, path, message }];
    });
  }

  get counts(): TallyCounts {
    return { ...this.#counts, missing: this.#missing.size };
  }
}
