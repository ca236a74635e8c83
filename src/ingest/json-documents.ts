import { isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { describeJsonFault, parseJson } from "./json.ts";
import { readLines } from "./lines.ts";
import type { RejectedInput } from "./source.ts";

const LINES_FILE = /\.(ndjson|jsonl)$/i;
/** A JSON file beyond this must be NDJSON: it is read whole. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** What a file gave: parsed documents with their place in the file (`:<line>`, or empty), or what was wrong with it. */
export interface Documents {
  file: string;
  documents: { place: string; value: unknown }[];
  faults: RejectedInput[];
}

/** Whether a file's name says that it holds one document a line; such a file is streamed. */
export function isLinesFile(file: string): boolean {
  return LINES_FILE.test(file);
}

/** Reads a file of one JSON document, or of one a line under the name of a JSON file. Integers beyond 2^53 are bigint. */
export async function readJsonFile(file: string): Promise<Documents> {
  const failed = (reason: string): Documents => ({
    file,
    documents: [],
    faults: [{ file, reason, status: "failed" }],
  });
  let bytes: Buffer;
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) {
      return failed(
        `is ${size} bytes; a file beyond ${MAX_FILE_BYTES} must be NDJSON (.ndjson), one document a line`,
      );
    }
    bytes = await readFile(file);
  } catch (error) {
    return failed(`cannot be read: ${(error as Error).message}`);
  }
  const text = decode(bytes);
  if (text === undefined) return failed("is not valid UTF-8");
  if (text.trim() === "") return failed("is empty");
  try {
    return { file, documents: [{ place: "", value: parseJson(text) }], faults: [] };
  } catch {
    return parseAsLines(file, text) ?? failed(describeJsonFault(text));
  }
}

/** The documents of an NDJSON file, line by line. A line that is not JSON, and a file that is empty, is a fault. */
export async function* streamLines(file: string): AsyncGenerator<Documents> {
  const failed = (reason: string): Documents => ({
    file,
    documents: [],
    faults: [{ file, reason, status: "failed" }],
  });
  let number = 0;
  let empty = true;
  try {
    for await (const bytes of readLines(file)) {
      const content: Documents = { file, documents: [], faults: [] };
      addLine(content, bytes, ++number);
      empty &&= content.documents.length + content.faults.length === 0;
      yield content;
    }
  } catch (error) {
    yield failed(`cannot be read: ${(error as Error).message}`);
    return;
  }
  if (empty) yield failed("is empty");
}

/** NDJSON under the name of a JSON file; undefined unless its first two lines are documents. */
function parseAsLines(file: string, text: string): Documents | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length < 2 || !lines.slice(0, 2).every((line) => /^\s*[{[].*[}\]]\s*$/.test(line)))
    return undefined;
  const content: Documents = { file, documents: [], faults: [] };
  text.split("\n").forEach((line, index) => {
    addLine(content, Buffer.from(line), index + 1);
  });
  return content;
}

function addLine(content: Documents, bytes: Buffer, number: number): void {
  const fail = (reason: string) =>
    content.faults.push({ file: `${content.file}:${number}`, reason, status: "failed" });
  const line = decode(bytes);
  if (line === undefined) fail("is not valid UTF-8");
  else if (line.trim() !== "") {
    try {
      content.documents.push({ place: `:${number}`, value: parseJson(line) });
    } catch {
      fail(describeJsonFault(line, number));
    }
  }
}

/** Text without a byte order mark; undefined when it is not UTF-8. */
function decode(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString("utf8");
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}
