import { closeSync, futimesSync, openSync, writeSync } from "node:fs";
import { mkdir, open, readdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { EdpError, EXIT } from "../errors.ts";
import { readLines } from "../ingest/lines.ts";

/** First line of a ledger. */
export interface LedgerStart {
  t: "start";
  id: string;
  /** URLs of the dead-letter queues. */
  queues: string[];
  /** sha256 of the imported file and where it goes; the letters of an import may still lie in their queue. */
  import?: string;
  startedAt: string;
  pid: number;
  host: string;
}

/** One message that was taken by its destination. */
export interface SentEntry {
  /** Id of the dead letter. */
  id: string;
  newId: string | null;
  /** Number of this replay. */
  n: number;
  /** Deduplication id that the letter had. */
  dedup?: string;
  /** Fingerprint, where the message had no room for its count. */
  f?: string;
}

/** Last line; a ledger without one is of a replay that was killed. */
interface LedgerEnd {
  t: "end";
  at: string;
  /** Messages that were sent and could not be deleted. */
  undeleted: number;
  /** Messages whose count is in this ledger only. */
  counted: number;
  /** The later replay that brought this one to its end. */
  by?: string;
}

type Line =
  | LedgerStart
  | { t: "sending"; ids: string[] }
  | { t: "sent"; to: string; at: string; messages: SentEntry[] }
  | { t: "refused"; ids: string[] }
  | { t: "deleted"; ids: string[] }
  | LedgerEnd;

export function ledgerDirectory(directory: string, env: string): string {
  return path.join(directory, ".edp", env, "replays");
}

/**
 * The record of one replay, JSON lines: what is about to be sent, what was taken, what was deleted. With it a
 * rerun after a crash deletes what was sent already instead of sending it twice.
 */
export class Ledger {
  /** Lines that nobody waits for; they go with the next write. */
  #later = "";
  #counted = 0;

  private constructor(
    readonly file: string,
    private readonly descriptor: number,
  ) {}

  /** @throws EdpError LEDGER_NOT_WRITABLE */
  static async create(
    directory: string,
    start: Pick<LedgerStart, "id" | "queues" | "import" | "startedAt">,
  ): Promise<Ledger> {
    const file = path.join(directory, `${start.id}.ndjson`);
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const ledger = new Ledger(file, openSync(file, "wx", 0o600));
      ledger.#write({ t: "start", ...start, pid: process.pid, host: hostname() });
      return ledger;
    } catch (error) {
      throw notWritable(file, error);
    }
  }

  /** Writes that these are about to be sent. @throws EdpError LEDGER_NOT_WRITABLE, as every write */
  sending(ids: string[]): void {
    this.#write({ t: "sending", ids });
  }

  /** Writes that these were taken, so that they may be deleted. */
  sent(to: string, at: string, messages: SentEntry[]): void {
    this.#counted += messages.filter(({ f }) => f !== undefined).length;
    this.#write({ t: "sent", to, at, messages });
  }

  /** Writes that these were certainly not taken. */
  refused(ids: string[]): void {
    this.#write({ t: "refused", ids });
  }

  /** Notes that these were deleted. A kill may forget it: then they are deleted once more, which does no harm. */
  deleted(ids: string[]): void {
    this.#later += `${JSON.stringify({ t: "deleted", ids } satisfies Line)}\n`;
  }

  /** Shows other processes that this replay is alive. */
  touch(nowMs: number): void {
    futimesSync(this.descriptor, nowMs / 1000, nowMs / 1000);
  }

  /** Writes the last line; without `end` the ledger stays open, as after a crash. */
  close(end: { at: string; undeleted: number } | null): void {
    try {
      if (end) this.#write({ t: "end", ...end, counted: this.#counted });
      else if (this.#later !== "") this.#append("");
    } finally {
      closeSync(this.descriptor);
    }
  }

  #write(line: Line): void {
    this.#append(`${JSON.stringify(line)}\n`);
  }

  /**
   * Synchronous: a short append takes microseconds, and a tenth of what a turn through the thread pool takes. A kill
   * of the process leaves it written.
   */
  #append(text: string): void {
    const bytes = Buffer.from(this.#later + text);
    this.#later = "";
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.descriptor, bytes, written);
    } catch (error) {
      throw notWritable(this.file, error);
    }
  }
}

/** What earlier replays left behind. */
export interface Earlier {
  /** Letters that were sent and perhaps not deleted: they must not be sent again. */
  sent: Set<string>;
  /** Letters that a killed replay was just sending: they may have been taken or not. */
  uncertain: Set<string>;
  /** Replays so far, by fingerprint and by id of the new message, where the message itself can't carry it. */
  counts: Map<string, number>;
  /** Ledgers of replays that were killed, or could not delete all they had sent. */
  unfinished: { file: string; start: LedgerStart; touchedMs: number; killed: boolean }[];
}

/**
 * Reads what earlier replays of these queues left unfinished. Ledgers that were closed with nothing left are
 * passed over by their last line.
 * @param scope the queues' URLs, or the name of an import: only its own earlier runs count for it
 */
export async function readEarlier(
  directory: string,
  scope: { queues: readonly string[] } | { import: string },
): Promise<Earlier> {
  const earlier: Earlier = { sent: new Set(), uncertain: new Set(), counts: new Map(), unfinished: [] };
  for (const name of (await list(directory)).sort()) {
    const file = path.join(directory, name);
    const read = await readLedger(file);
    if (!read) continue;
    for (const [key, n] of read.counts) earlier.counts.set(key, Math.max(n, earlier.counts.get(key) ?? 0));
    const { start } = read;
    const concerned =
      "import" in scope
        ? start.import === scope.import
        : start.import === undefined && start.queues.some((url) => scope.queues.includes(url));
    if (!concerned) continue;
    // An import deletes nothing: once it has ended, importing the file again means sending it again.
    if ("import" in scope && read.ended) continue;
    for (const id of read.sent) earlier.sent.add(id);
    for (const id of read.uncertain) earlier.uncertain.add(id);
    if (read.ended && read.sent.size === 0) continue;
    const { mtimeMs: touchedMs } = await stat(file);
    earlier.unfinished.push({ file, start, touchedMs, killed: !read.ended });
  }
  for (const id of earlier.sent) earlier.uncertain.delete(id);
  return earlier;
}

/** Adds the last line to ledgers that a later replay has brought to their end. */
export async function closeEarlier(files: readonly string[], at: string, by: string): Promise<void> {
  for (const file of files) {
    const handle = await open(file, "a");
    try {
      // The first line end closes a line that was torn by the kill.
      const counted = (await readLedger(file))?.counts.size ?? 0;
      const end: LedgerEnd = { t: "end", at, undeleted: 0, counted, by };
      await handle.writeFile(`\n${JSON.stringify(end)}\n`);
    } finally {
      await handle.close();
    }
  }
}

async function readLedger(file: string) {
  const last = await lastLine(file);
  if (last?.t === "end" && last.undeleted === 0 && last.counted === 0) return undefined;
  const sent = new Set<string>();
  const uncertain = new Set<string>();
  const counts = new Map<string, number>();
  let start: LedgerStart | undefined;
  for await (const bytes of readLines(file)) {
    const line = parseLine(bytes.toString("utf8"));
    if (line?.t === "start") start = line;
    else if (line?.t === "sending") for (const id of line.ids) uncertain.add(id);
    else if (line?.t === "refused") for (const id of line.ids) uncertain.delete(id);
    else if (line?.t === "deleted") for (const id of line.ids) sent.delete(id);
    else if (line?.t === "sent") {
      for (const { id, newId, n, f } of line.messages) {
        uncertain.delete(id);
        sent.add(id);
        if (f === undefined) continue;
        counts.set(f, n);
        if (newId !== null) counts.set(newId, n);
      }
    }
  }
  const ended = last?.t === "end";
  // Closed by a later replay: what was left of it is settled.
  if (ended && last.undeleted === 0) sent.clear();
  return start && { start, sent, uncertain: ended ? new Set<string>() : uncertain, counts, ended };
}

/** The last line where it is whole; a ledger's end is short. */
async function lastLine(file: string): Promise<Line | undefined> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, 4_096));
    await handle.read(buffer, 0, buffer.length, size - buffer.length);
    return parseLine(buffer.toString("utf8").trimEnd().split("\n").at(-1) ?? "");
  } finally {
    await handle.close();
  }
}

function parseLine(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    // Torn by a kill: nobody was told that it had been written.
    return undefined;
  }
}

async function list(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith(".ndjson"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function notWritable(file: string, cause: unknown): EdpError {
  return new EdpError(
    "LEDGER_NOT_WRITABLE",
    EXIT.partlyDone,
    `The replay's ledger ${file} cannot be written: ${(cause as Error).message}`,
    {
      hint: "Run edp in a project directory that you can write to, with free space, and repeat the command: nothing is lost.",
      cause,
    },
  );
}
