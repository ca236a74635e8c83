import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import path from "node:path";

/** What was sent under a key, as this machine remembers it. */
export interface SentObject {
  sha256: string;
  full: boolean;
  /** ETag of the stored object, to be compared with the bucket's listing. */
  etag: string;
}

interface Line extends SentObject {
  key: string;
}

/** Lines written in one go. */
const FLUSH_LINES = 200;
/** The file is written anew when it has this many lines more than twice its keys. */
const COMPACT_SLACK = 1_000;

/**
 * The local memory of what lies in a bucket: append-only JSON lines, one file per bucket. It only saves
 * requests: it is believed for an object when the bucket lists that object with the same ETag, and losing it costs
 * nothing but time. Several processes may append at once, each write holds whole lines.
 */
export class SentIndex {
  #pending: string[] = [];
  #writing: Promise<void> = Promise.resolve();

  #handle: FileHandle | undefined;
  #failed = false;

  private constructor(
    private readonly file: string,
    private readonly known: Map<string, string>,
    /** Whether the file ends in half a line, which must not take the next one with it. */
    private readonly torn: boolean,
    private readonly onFault: (error: Error) => void,
  ) {}

  /** Reads the index, if there is one. `onFault` is told, once, when it can't be read or written. */
  static async open(file: string, onFault: (error: Error) => void): Promise<SentIndex> {
    const known = new Map<string, string>();
    let told = false;
    const once = (error: Error) => {
      if (!told) onFault(error);
      told = true;
    };
    let lines = 0;
    let text = "";
    try {
      text = await readFile(file, "utf8");
      for (const line of text.split("\n")) {
        const sent = parse(line);
        if (sent) known.set(sent.key, pack(sent));
        lines++;
      }
      if (lines > known.size * 2 + COMPACT_SLACK) await compact(file, known);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") once(error as Error);
    }
    return new SentIndex(file, known, text !== "" && !text.endsWith("\n"), once);
  }

  /** Number of keys that earlier runs have sent. */
  get size(): number {
    return this.known.size;
  }

  has(key: string): boolean {
    return this.known.has(key);
  }

  get(key: string): SentObject | undefined {
    const packed = this.known.get(key);
    return packed === undefined ? undefined : unpack(packed);
  }

  /** Remembers an object for later runs. */
  add(key: string, sent: SentObject): void {
    this.#pending.push(`${JSON.stringify({ key, ...sent })}\n`);
    if (this.#pending.length >= FLUSH_LINES) this.#flush();
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
    await this.#handle?.close();
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const text = this.#pending.join("");
    this.#pending = [];
    this.#writing = this.#writing.then(() => this.#write(text));
  }

  async #write(text: string): Promise<void> {
    if (this.#failed) return;
    try {
      this.#handle ??= await this.#create();
      await this.#handle.write(text);
    } catch (error) {
      this.#failed = true;
      this.onFault(error as Error);
    }
  }

  async #create(): Promise<FileHandle> {
    await mkdir(path.dirname(this.file), { recursive: true, mode: 0o700 });
    const handle = await open(this.file, "a", 0o600);
    if (this.torn) await handle.write("\n");
    return handle;
  }
}

/** One string per object instead of three: a million keys must fit. */
function pack({ sha256, full, etag }: SentObject): string {
  return `${full ? "1" : "0"}${sha256}${etag}`;
}

function unpack(packed: string): SentObject {
  return { full: packed[0] === "1", sha256: packed.slice(1, 65), etag: packed.slice(65) };
}

/** A line that is torn or not ours counts as not there. */
function parse(line: string): Line | undefined {
  if (line === "") return undefined;
  try {
    const { key, sha256, full, etag } = JSON.parse(line) as Partial<Line>;
    if (typeof key !== "string" || typeof etag !== "string" || sha256?.length !== 64) return undefined;
    return { key, sha256, etag, full: full === true };
  } catch {
    return undefined;
  }
}

async function compact(file: string, known: ReadonlyMap<string, string>): Promise<void> {
  const fresh = `${file}.${process.pid}`;
  const handle = await open(fresh, "w", 0o600);
  try {
    for (const [key, packed] of known) await handle.write(`${JSON.stringify({ key, ...unpack(packed) })}\n`);
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
}
