import { Upload } from "../../shared/upload.ts";
import { KINDS, type Kind } from "./day-file.ts";
import type { DaySet } from "./day-set.ts";
import type { RowFault } from "./faults.ts";
import type { Invocation } from "./invocation.ts";
import { errorBody } from "./messages.ts";

/** Faults of a file that become messages of their own. */
export const MOST_MESSAGES = 10_000;

/**
 * The faults of a run: the first 10,000 of each file become messages, the others lines of an object
 * `rejects/<date>/<run id>/<kind>.ndjson`, with one message that says so.
 */
export class FaultLog {
  readonly #files: Record<Kind, FileFaults>;

  constructor(set: DaySet, run: Invocation) {
    const files = KINDS.map((kind) => [kind, new FileFaults(set, kind, run)] as const);
    this.#files = Object.fromEntries(files) as Record<Kind, FileFaults>;
  }

  add(kind: Kind, fault: RowFault): void {
    this.#files[kind].add(fault);
  }

  /** Writes away what has gathered. */
  async drain(): Promise<void> {
    for (const kind of KINDS) await this.#files[kind].drain();
  }

  /** Completes the objects. Returns the bodies of all messages, in an order that the files alone decide. */
  async finish(): Promise<string[]> {
    const bodies: string[] = [];
    for (const kind of KINDS) {
      for (const body of await this.#files[kind].finish()) bodies.push(body);
    }
    return bodies;
  }

  /** Drops objects that are not complete. */
  async abort(): Promise<void> {
    for (const kind of KINDS) await this.#files[kind].abort();
  }

  /** Where the faults of a file are that have no message of their own; undefined where there are none. */
  rest(kind: Kind): string | undefined {
    return this.#files[kind].rest;
  }
}

class FileFaults {
  #count = 0;
  #bodies: string[] = [];
  #upload: Upload | undefined;
  readonly #target: { Bucket: string; Key: string };
  readonly #file: string;

  constructor(
    set: DaySet,
    kind: Kind,
    private readonly run: Invocation,
  ) {
    this.#file = set.files[kind].key;
    this.#target = {
      Bucket: run.environment.reports,
      Key: `rejects/${set.date}/${set.runId}/${kind}.ndjson`,
    };
  }

  get rest(): string | undefined {
    return this.#upload && this.#target.Key;
  }

  add(fault: RowFault): void {
    const body = errorBody(fault, this.#file);
    if (this.#count++ < MOST_MESSAGES) {
      this.#bodies.push(body);
      return;
    }
    this.#upload ??= new Upload(this.run.s3, this.#target, this.run.signal, "application/x-ndjson");
    this.#upload.push(Buffer.from(`${body}\n`));
  }

  async drain(): Promise<void> {
    await this.#upload?.drain();
  }

  async finish(): Promise<string[]> {
    if (!this.#upload) return this.#bodies;
    await this.#upload.complete();
    const { Bucket, Key } = this.#target;
    const message = `${this.#count - MOST_MESSAGES} faults more, each a line of s3://${Bucket}/${Key}`;
    const fault = { line: null, column: null, customerReference: null, orderReference: null, message };
    return [...this.#bodies, errorBody(fault, this.#file)];
  }

  async abort(): Promise<void> {
    await this.#upload?.abort();
  }
}
