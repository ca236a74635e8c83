import { setTimeout } from "node:timers/promises";
import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { sendDeadLetters } from "../../shared/dead-letters.ts";
import { type Fault, PermanentFault } from "../../shared/faults.ts";
import { type ObjectEvent, unwrapObjectEvents } from "../../shared/object-events.ts";
import { DatabaseFault } from "./database.ts";
import { DATASETS, datasetOf, FOLDER } from "./datasets.ts";
import type { Invocation } from "./invocation.ts";
import { reportKey } from "./report.ts";
import { type RunOutcome, runWarehouse } from "./run.ts";

/** How the objects of a message ended. */
type Ending =
  | { kind: "processed"; output: string }
  | { kind: "waiting" | "done" | "ignored" }
  | { kind: "faulty"; fault: Fault }
  | { kind: "retry"; reason: string; errorCode: string };

/**
 * Handles the queue's messages about files that arrived, one after the other. What is wrong for good goes to the DLQ at
 * once with its cause; what may pass is reported as a failure, and comes again.
 */
export async function handleArrivals(
  records: readonly SQSRecord[],
  run: Invocation,
): Promise<SQSBatchResponse> {
  const failures: string[] = [];
  for (const record of records) {
    const { events, ending } = await handleMessage(record, run);
    const failed = ending.kind === "retry" || !(await settle(record, events, ending, run));
    if (failed) failures.push(record.messageId);
    logObjects(record, events, ending, run);
  }
  return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function handleMessage(
  record: SQSRecord,
  run: Invocation,
): Promise<{ events: ObjectEvent[]; ending: Ending }> {
  let events: ObjectEvent[] = [];
  try {
    events = unwrapObjectEvents(record.body);
    let ending: Ending = { kind: "ignored" };
    for (const event of events) ending = await handleEvent(event, record, run);
    return { events, ending };
  } catch (error) {
    if (error instanceof PermanentFault) return { events, ending: { kind: "faulty", fault: error.fault } };
    const { name, message, code } = error as Error & { code?: unknown };
    const errorCode = typeof code === "string" ? code : "TRANSIENT";
    return { events, ending: { kind: "retry", reason: `${name}: ${message}`, errorCode } };
  }
}

async function handleEvent(event: ObjectEvent, record: SQSRecord, run: Invocation): Promise<Ending> {
  if (event.key.endsWith("/") && event.size === 0) return { kind: "ignored" };
  if (event.bucket !== run.environment.inbox) {
    throw new PermanentFault(
      "UNKNOWN_BUCKET",
      `This function reads ${run.environment.inbox}, not ${event.bucket}.`,
    );
  }
  if (!datasetOf(event.key)) {
    const files = DATASETS.flatMap((dataset) => dataset.files).join(", ");
    throw new PermanentFault(
      "UNKNOWN_FILE",
      `${event.key} is no file of a batch, which has in ${FOLDER}: ${files}.`,
    );
  }
  const receives = Number(record.attributes.ApproximateReceiveCount);
  const outcome = await runPatiently(event, receives, run);
  if (outcome.kind === "waiting") {
    run.log("INFO", `waiting for ${outcome.for.join(", ")}`, { arrived: event.key, waitingFor: outcome.for });
    return { kind: "waiting" };
  }
  if (outcome.kind === "used") {
    run.log("INFO", "an earlier run has used this version", { arrived: event.key, runId: outcome.runId });
    return { kind: "done" };
  }
  return { kind: "processed", output: reportKey(outcome.report) };
}

/** Tries again where the database was gone for a moment, as long as there is time for another run. */
async function runPatiently(event: ObjectEvent, receives: number, run: Invocation): Promise<RunOutcome> {
  const whole = run.remainingMs();
  const pauses = [...run.retryPausesMs];
  for (;;) {
    const pauseMs = run.remainingMs() < whole / 2 ? undefined : pauses.shift();
    const comesAgain = (error: unknown) => {
      if (error instanceof PermanentFault) return "never";
      if (pauseMs !== undefined && isMomentary(error)) return "now";
      return receives < run.environment.maxReceiveCount ? "later" : "never";
    };
    try {
      return await runWarehouse({ event, force: false, comesAgain }, run);
    } catch (error) {
      if (pauseMs === undefined || !isMomentary(error)) throw error;
      run.log("WARN", `trying again in ${pauseMs / 1000} s: ${(error as Error).message}`);
      await setTimeout(pauseMs, undefined, { signal: run.signal });
    }
  }
}

const MOMENTARY: ReadonlySet<string> = new Set(["DATABASE_DOWN", "CONNECTION_CUT", "DATABASE_DEADLOCK"]);

/** Faults of the database that may pass within seconds. */
function isMomentary(error: unknown): boolean {
  return error instanceof DatabaseFault && MOMENTARY.has(error.code);
}

/** Sends a message at fault to the DLQ. @returns whether the message is done with */
async function settle(
  record: SQSRecord,
  events: readonly ObjectEvent[],
  ending: Ending,
  run: Invocation,
): Promise<boolean> {
  if (ending.kind !== "faulty") return true;
  const { messageId } = record;
  const { errorCode, path, message } = ending.fault;
  const time = new Date(run.now()).toISOString();
  const cause = { ...ending.fault, function: run.functionName, requestId: run.requestId, time };
  const failed = await sendDeadLetters(
    run.sqs,
    run.environment.dlqUrl,
    [{ record, cause }],
    (_letter, kept) => {
      const source = events[0] && sourceOf(events[0]);
      run.log("ERROR", message, { errorCode, path, messageId, source, deadLettered: true, cause: kept });
    },
    run.signal,
  );
  for (const { reason } of failed) {
    run.log("ERROR", `not taken by the DLQ, will come again: ${reason}`, { errorCode, path, messageId });
  }
  return failed.length === 0;
}

const sourceOf = ({ bucket, key, version }: ObjectEvent) => ({ bucket, key, version });

/** One line that names each object version with its event, message and ending, so that its way can be followed. */
function logObjects(
  record: SQSRecord,
  events: readonly ObjectEvent[],
  ending: Ending,
  run: Invocation,
): void {
  const { messageId, attributes } = record;
  if (ending.kind === "retry") {
    const { errorCode, reason } = ending;
    const source = events[0] && sourceOf(events[0]);
    run.log("WARN", `will come again: ${reason}`, { errorCode, path: "", messageId, source });
  }
  const { inbox: bucket, exports } = run.environment;
  run.log("INFO", "objects", {
    bucket,
    staging: exports,
    objects: events.map((event) => ({
      key: event.key,
      version: event.version,
      messageId,
      receive: Number(attributes.ApproximateReceiveCount),
      sentAt: Number(attributes.SentTimestamp),
      ending: ending.kind,
      ...(ending.kind === "processed" ? { output: ending.output } : {}),
    })),
  });
}
