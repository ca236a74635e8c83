import { createHash } from "node:crypto";
import { opendir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { pMapIterable } from "p-map";
import { InvalidInputError } from "../../errors.ts";
import { DIRECTORY_INDEX } from "../directory.ts";
import { canonicalJson } from "../json.ts";
import { type Documents, isLinesFile, readJsonFile, streamLines } from "../json-documents.ts";
import type { RejectedInput, Source, SourceEntity } from "../source.ts";
import { type Split, split } from "./split.ts";

const JSON_FILE = /\.json$/i;
const FILES_AT_ONCE = 8;
/** Files read ahead of the one whose turn it is. */
const FILES_AHEAD = 16;

type Reject = (input: RejectedInput) => void;

/**
 * Recorded API responses: a JSON file, an NDJSON file (one response a line), or a directory of these, read in
 * the order of their paths. Names that begin with a dot are passed over.
 * @throws InvalidInputError when the path does not exist or a directory holds no JSON.
 */
export async function openRecorded(from: string): Promise<Source> {
  const info = await stat(from).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === "ENOENT" ? "does not exist" : `cannot be read: ${error.message}`;
    throw new InvalidInputError(`${from} ${reason}.`, {
      hint: "Give --from a JSON or NDJSON file, or a directory of these.",
      cause: error,
    });
  });
  if (info.isDirectory() && (await listFiles(from)[Symbol.asyncIterator]().next()).done) {
    throw new InvalidInputError(`${from} has no .json, .ndjson or .jsonl file in it.`, {
      hint: "Give --from a directory of recorded Spotify responses.",
    });
  }
  const fullness = info.isDirectory() ? await readFullness(from) : new Map<string, boolean>();
  return {
    distinct: false,
    async *entities(reject) {
      const files = info.isDirectory() ? listFiles(from) : only(from);
      // NDJSON is streamed when its turn comes, the others are read ahead.
      const contents = pMapIterable<string, Documents | { lines: string }>(
        files,
        (file) => (isLinesFile(file) ? { lines: file } : readJsonFile(file)),
        { concurrency: FILES_AT_ONCE, backpressure: FILES_AHEAD },
      );
      for await (const content of contents) {
        if ("lines" in content) {
          for await (const line of streamLines(content.lines)) yield* emit(line, reject);
        } else yield* emit(content, reject, fullness);
      }
    },
  };
}

function* emit(
  { file, documents, faults }: Documents,
  reject: Reject,
  fullness: ReadonlyMap<string, boolean> = new Map(),
): Generator<SourceEntity> {
  for (const fault of faults) reject(fault);
  for (const { place, value } of documents) {
    const origin = `${file}${place}`;
    const { entities, skipped } = splitOrReject(value, origin, reject);
    for (const { path: where, reason, status } of skipped) {
      reject({ file: where === "" ? origin : `${origin}: ${where}`, reason, status });
    }
    const [first, ...rest] = entities;
    if (first) yield fullness.size === 0 ? first : { ...first, full: knownFullness(first, fullness) };
    yield* rest;
  }
}

function splitOrReject(value: unknown, origin: string, reject: Reject): Split {
  try {
    return split(value, origin);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    reject({ file: origin, reason: "is nested too deeply", status: "failed" });
    return { entities: [], skipped: [] };
  }
}

/** A file that `--out` wrote says by its bytes whether it is full; its members alone might mislead. */
function knownFullness(entity: SourceEntity, fullness: ReadonlyMap<string, boolean>): boolean {
  const sha256 = createHash("sha256").update(canonicalJson(entity.entity)).digest("hex");
  return fullness.get(sha256) ?? entity.full;
}

async function readFullness(directory: string): Promise<Map<string, boolean>> {
  const known = new Map<string, boolean>();
  const text = await readFile(path.join(directory, DIRECTORY_INDEX), "utf8").catch(() => "");
  for (const [, sha256, full] of text.matchAll(/"sha256":"([0-9a-f]{64})","full":(true|false)/g)) {
    if (sha256) known.set(sha256, full === "true");
  }
  return known;
}

/** Files in the order of their paths, folder by folder. */
async function* listFiles(directory: string): AsyncGenerator<string> {
  const entries = [];
  for await (const entry of await opendir(directory)) {
    if (!entry.name.startsWith(".")) entries.push(entry);
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* listFiles(full);
    else if (JSON_FILE.test(entry.name) || isLinesFile(entry.name)) yield full;
  }
}

async function* only(file: string): AsyncGenerator<string> {
  yield file;
}
