import type { ClaimOutcome, Claims } from "../../shared/claims.ts";
import { PermanentFault } from "../../shared/faults.ts";
import { LineTooLong, splitLines } from "../../shared/lines.ts";
import type { ObjectEvent } from "../../shared/object-events.ts";
import { type OpenedObject, openObject, readAll } from "../../shared/objects.ts";
import { heldBytes, type Invocation, streamedBytes } from "./invocation.ts";
import { Output, type Outputs } from "./output.ts";
import type { Dataset } from "./schema.ts";
import { datasetOf, type Row, type RowSource, readLine, readRows } from "./transform.ts";

/** Longest line of a streamed object. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** Rows of a streamed object between two looks at the upload. */
const STREAMED_ROWS = 256;

/**
 * How an object version fared: its rows are in `output` (which is still to be completed unless `complete`),
 * they are in another output or the version is rejected (`done`), or it must be tried again (`retry`).
 */
export type Converted =
  | { kind: "written"; output: Output; complete: boolean }
  | { kind: "done" }
  | { kind: "retry"; reason: string };

/**
 * Reads one object version, checks it, claims it and adds its rows to its output; all of its rows or none.
 * @throws PermanentFault when it can't become rows; any other error is transient
 */
export async function convert(
  event: ObjectEvent,
  outputs: Outputs,
  claims: Claims,
  run: Invocation,
): Promise<Converted> {
  if (event.bucket !== run.environment.bronze) {
    const expected = run.environment.bronze;
    throw new PermanentFault(
      "UNKNOWN_BUCKET",
      `expected an object in ${expected}, got one in ${event.bucket}`,
    );
  }
  const dataset = datasetOf(event.key);
  const source = { key: event.key, version: event.version, eventTime: Date.parse(event.time) };
  const object = await openObject(run.s3, event, run.signal);
  try {
    if (object.bytes > heldBytes(run.memoryBytes)) {
      return await convertStreamed(object, event, dataset, source, claims, run);
    }
    const rows = readRows(await readAll(object), dataset, source);
    return await claimAndAdd(rows, event, outputs.for(dataset, event), claims, run);
  } finally {
    object.body.destroy();
  }
}

async function claimAndAdd(
  rows: Row[],
  event: ObjectEvent,
  output: Output,
  claims: Claims,
  run: Invocation,
): Promise<Converted> {
  const outcome = await takeClaim(claims, output, event, run);
  if (outcome !== "won") return refused(outcome);
  // Named before its rows are in: a failure between the two spoils the output.
  output.addSource(event);
  try {
    await output.add(rows);
  } catch (error) {
    output.spoil(error as Error);
  }
  return { kind: "written", output, complete: false };
}

/**
 * An object too large to hold becomes an output of its own, written line by line. Nothing of it can be seen
 * until the last line has passed and the claim is held.
 */
async function convertStreamed(
  object: OpenedObject,
  event: ObjectEvent,
  dataset: Dataset,
  source: RowSource,
  claims: Claims,
  run: Invocation,
): Promise<Converted> {
  const limit = streamedBytes(run.memoryBytes);
  if (object.bytes > limit) throw tooLarge(object, `; NDJSON is streamed up to ${limit} bytes`);
  const output = new Output(dataset, event.time.slice(0, 10), run, run.remainingMs());
  try {
    await addLines(object, output, dataset, source);
    const outcome = await takeClaim(claims, output, event, run);
    if (outcome !== "won") {
      await abandon(output, run);
      return refused(outcome);
    }
    output.addSource(event);
    await output.complete();
    return { kind: "written", output, complete: true };
  } catch (error) {
    await abandon(output, run);
    throw error;
  }
}

/** Drops an output; what that leaves behind costs storage only, until the bucket's lifecycle rule takes it. */
export async function abandon(output: Output, run: Invocation): Promise<void> {
  try {
    await output.abort();
  } catch (error) {
    run.log(
      "WARN",
      `parts of ${output.key} stay until the lifecycle rule removes them: ${(error as Error).message}`,
    );
  }
}

async function addLines(
  object: OpenedObject,
  output: Output,
  dataset: Dataset,
  source: RowSource,
): Promise<void> {
  let index = 0;
  let rows: Row[] = [];
  try {
    for await (const line of splitLines(object.body, MAX_LINE_BYTES)) {
      if (index === 0 && line[0] !== OPENING_BRACE) throw tooLarge(object, NO_NDJSON);
      rows.push(readLine(line, index++, dataset, source));
      if (rows.length < STREAMED_ROWS) continue;
      await output.add(rows);
      rows = [];
    }
    await output.add(rows);
  } catch (error) {
    if (error instanceof LineTooLong) throw tooLarge(object, `, and ${error.message}`);
    const startsAsNoNdjson =
      index <= 1 && error instanceof PermanentFault && /^(NOT|TRUNCATED)_JSON$/.test(error.errorCode);
    throw startsAsNoNdjson
      ? tooLarge(object, ", and its first line is no JSON value, as NDJSON has it")
      : error;
  }
  if (index === 0)
    throw new PermanentFault("EMPTY_OBJECT", `The object has ${object.bytes} bytes, all blank.`);
}

const OPENING_BRACE = 0x7b;
const NO_NDJSON = ", and its first line is no JSON object, as NDJSON has it";

function tooLarge(object: OpenedObject, why: string): PermanentFault {
  return new PermanentFault("OBJECT_TOO_LARGE", `The object has ${object.bytes} bytes${why}.`);
}

async function takeClaim(
  claims: Claims,
  output: Output,
  event: ObjectEvent,
  run: Invocation,
): Promise<ClaimOutcome> {
  const outcome = await claims.take(output.claimFor(event), run.signal);
  if (outcome === "unknown") output.spoil(new Error(`S3 did not say whether ${event.key} is claimed`));
  return outcome;
}

function refused(outcome: Exclude<ClaimOutcome, "won">): Converted {
  if (outcome === "done") return { kind: "done" };
  const reason =
    outcome === "busy" ? "another invocation holds the claim" : "S3 did not say whether it is claimed";
  return { kind: "retry", reason };
}
