// Measured process: one invocation of to-parquet over 1 GB of objects that a stand-in for S3 makes up as they
// are read. Usage: <bundle> <objects> <bytes per object>
import { Readable } from "node:stream";
import { tracks } from "./sample-data.mjs";

const [bundle, objects, bytes] = process.argv.slice(2);
const { convertBatch } = await import(bundle);
const COUNT = Number(objects);
const BLOCK_BYTES = 2e6;
const BLOCKS = Math.round(Number(bytes) / BLOCK_BYTES);

const source = tracks(3);
const lines = [];
for (let length = 0; length < BLOCK_BYTES; length += lines.at(-1).length) {
  lines.push(Buffer.from(`${JSON.stringify(source.next().value)}\n`));
}
const block = Buffer.concat(lines);
const size = block.length * BLOCKS;

let written = 0;
const s3 = {
  async send(command) {
    const name = command.constructor.name;
    const { Body } = command.input;
    if (name === "GetObjectCommand") return { ContentLength: size, Body: Readable.from(pieces()) };
    if (name === "CreateMultipartUploadCommand") return { UploadId: "1" };
    if (Body !== undefined && !command.input.Key.startsWith("_claims/")) written += Body.length;
    return { ETag: '"e"' };
  },
};

/** A copy of the bytes, in the pieces that a socket gives. */
function* pieces() {
  for (let repeat = 0; repeat < BLOCKS; repeat++) {
    for (let at = 0; at < block.length; at += 65_536) yield Buffer.from(block.subarray(at, at + 65_536));
  }
}

const record = (index) => ({
  messageId: String(index),
  attributes: {},
  messageAttributes: {},
  body: JSON.stringify({
    "detail-type": "Object Created",
    time: "2026-01-01T00:00:00Z",
    detail: {
      bucket: { name: "bronze" },
      object: { key: `raw/tracks/${index}.json`, size, "version-id": "1" },
    },
  }),
});

const started = performance.now();
const answer = await convertBatch(
  Array.from({ length: COUNT }, (_, index) => record(index)),
  {
    s3,
    sqs: {},
    environment: { bronze: "bronze", staging: "staging", dlqUrl: "" },
    log: (level, message) => level === "INFO" || process.stderr.write(`${message}\n`),
    requestId: "bench",
    functionName: "to-parquet",
    memoryBytes: 1024 * 1024 * 1024,
    now: Date.now,
    remainingMs: () => 900_000,
    nonce: () => "1",
    signal: new AbortController().signal,
  },
);
if (answer.batchItemFailures.length > 0) throw new Error(`${answer.batchItemFailures.length} objects failed`);
process.stdout.write(
  JSON.stringify({
    peakMb: process.resourceUsage().maxRSS / 1024,
    seconds: (performance.now() - started) / 1000,
    inputMb: (size * COUNT) / 1e6,
    outputMb: written / 1e6,
  }),
);
