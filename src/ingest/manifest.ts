import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import path from "node:path";
import { EdpError, EXIT, InvalidInputError } from "../errors.ts";
import { writeFaultReason } from "../file-fault.ts";
import type { EventInput } from "./fakestore/input.ts";
import { readLines } from "./lines.ts";

/** First line of a manifest. */
export interface ManifestHeader {
  runId: string;
  /** What its entries are. Manifests of before there were kinds are of objects. */
  kind: ManifestKind;
  pipeline: string;
  /** ISO 8601 in UTC. */
  startedAt: string;
  /** Bucket that the run's records land or end in, or null when the run wrote to a directory. */
  bucket: string | null;
  directory?: string;
  /** Of events: what they are made of, so that a later run can go on. */
  events?: EventsOrigin;
}

/** What decides which events a run sends, and with which ids. */
export interface EventsOrigin {
  input: EventInput;
  /** Of an input that is a file, as it was. */
  file: { bytes: number; modifiedMs: number } | null;
  seed: number;
  rate: number | null;
  /** Time of the first event, milliseconds since the epoch. */
  startMs: number;
  /** What made ids begin with: the run's id, or that of the first run where this one goes on with it. */
  idPrefix: string;
  /** The run that this one goes on with. */
  continues?: string;
}

/** The entries of each kind of manifest; `SETTLERS` (src/reconcile/settlers.ts) finds where they ended. */
export interface ManifestEntries {
  files: FileEntry;
  objects: ManifestEntry;
  events: EventEntry;
}
export type ManifestKind = keyof ManifestEntries;

/** Of a run that lands objects: one line for each that was accepted. */
export interface ManifestEntry {
  key: string;
  /** Version id, `etag:<etag>` in a bucket without versions, null in a directory. */
  versionId: string | null;
  sha256: string;
  bytes: number;
}

/**
 * Of a run that posts events: a line with the ids of each batch before it is sent for the first time, and another one
 * when it has its answer, with the indexes of the events that were not accepted: refused, without an answer, or surely not
 * taken. Without the second one, the events may have arrived or not.
 */
export type EventEntry =
  | { batch: number; ids: readonly string[] }
  | { batch: number; rejected: readonly number[]; unanswered: readonly number[]; unsent?: readonly number[] };

/** Of a run that uploads files whose rows count: one line for each file that was accepted. */
export interface FileEntry extends ManifestEntry {
  versionId: string;
  /** Rows without header and blank lines. */
  rows: number;
}

/** Last line; a manifest without one is of a run that was killed. */
export interface ManifestTotals {
  finishedAt: string;
  accepted: number;
  skipped: number;
  failed: number;
  bytes: number;
  interrupted: boolean;
}

/** A run id that sorts by time: `20261121T031502Z-` and six random hex digits. */
export function createRunId(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
  return `${time}-${randomBytes(3).toString("hex")}`;
}

export function manifestPath(directory: string, env: string, runId: string): string {
  return path.join(directory, ".edp", env, "runs", `${runId}.ndjson`);
}

/** The record of a run, written as it goes on: JSON lines, readable by its owner only. */
export class Manifest<Kind extends ManifestKind = "objects"> {
  #pending: string[] = [];
  #writing: Promise<void> | undefined;
  #failed: EdpError | undefined;

  private constructor(
    readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  /** @throws InvalidInputError when the file cannot be created. */
  static async create<Kind extends ManifestKind>(
    file: string,
    header: ManifestHeader & { kind: Kind },
  ): Promise<Manifest<Kind>> {
    try {
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      const handle = await open(file, "wx", 0o600);
      await handle.write(`${JSON.stringify(header)}\n`);
      return new Manifest<Kind>(file, handle);
    } catch (error) {
      throw new InvalidInputError(
        `The run's manifest ${file} cannot be written: ${writeFaultReason(error)}.`,
        {
          code: "MANIFEST_NOT_WRITABLE",
          hint: "Run edp in a project directory that you can write to, on a disk with free space.",
          cause: error,
        },
      );
    }
  }

  /**
   * Adds an entry, e.g. an object that was accepted; lines that come together share one write.
   * @throws EdpError MANIFEST_NOT_WRITABLE (exit 6) when the disk is full: the run must end.
   */
  async add(entry: ManifestEntries[Kind]): Promise<void> {
    this.#pending.push(`${JSON.stringify(entry)}\n`);
    this.#writing ??= this.#drain();
    await this.#writing;
    if (this.#failed) throw this.#failed;
  }

  async close(totals: ManifestTotals): Promise<void> {
    try {
      await this.#writing;
      if (!this.#failed) await this.handle.write(`${JSON.stringify(totals)}\n`);
    } finally {
      await this.handle.close();
    }
  }

  async #drain(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#pending.length > 0 && !this.#failed) {
      const text = this.#pending.join("");
      this.#pending = [];
      try {
        await this.handle.writeFile(text);
      } catch (error) {
        this.#failed = new EdpError(
          "MANIFEST_NOT_WRITABLE",
          EXIT.partlyDone,
          `The run's manifest ${this.file} cannot be written any more: ${writeFaultReason(error)}.`,
          {
            hint: "Free some space and run the same command again: what was stored is skipped.",
            cause: error,
          },
        );
      }
    }
    this.#writing = undefined;
  }
}

/** A manifest that is being read. */
export interface OpenedManifest<Kind extends ManifestKind = ManifestKind> {
  header: ManifestHeader;
  /** Its entries, streamed, once; of which kind says the header. */
  entries: AsyncIterable<ManifestEntries[Kind]>;
  /** The closing line, once the entries have been read; null where there is none. */
  totals(): ManifestTotals | null;
}

/**
 * Reads a manifest: the header, then its entries, streamed. A half-written last line of a killed run is left out.
 * @throws InvalidInputError when the file is missing or is no manifest.
 */
export async function readManifest<Kind extends ManifestKind = ManifestKind>(
  file: string,
): Promise<OpenedManifest<Kind>> {
  const lines = readLines(file);
  try {
    const written = JSON.parse(String((await lines.next()).value)) as ManifestHeader;
    const header: ManifestHeader = { ...written, kind: written.kind ?? "objects" };
    if (typeof header.runId !== "string") throw new Error("its first line has no runId");
    let totals: ManifestTotals | null = null;
    const entries = entriesOf<ManifestEntries[Kind]>(lines, (closing) => {
      totals = closing;
    });
    return { header, entries, totals: () => totals };
  } catch (error) {
    await lines.return(undefined);
    throw new InvalidInputError(`${file} cannot be read as a run's manifest: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function* entriesOf<Entry>(
  lines: AsyncIterable<Buffer>,
  onTotals: (totals: ManifestTotals) => void,
): AsyncGenerator<Entry> {
  for await (const line of lines) {
    const entry = parseLine(line.toString("utf8"));
    if (entry && "finishedAt" in entry) onTotals(entry as ManifestTotals);
    else if (entry) yield entry as Entry;
  }
}

function parseLine(line: string): object | undefined {
  try {
    return JSON.parse(line) as object;
  } catch {
    // Only the last line of a killed run can be torn; it was not confirmed to anybody.
    return undefined;
  }
}
