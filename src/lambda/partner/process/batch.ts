import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { type DeadLetter, sendDeadLetters } from "../../shared/dead-letters.ts";
import { type Fault, PermanentFault } from "../../shared/faults.ts";
import { type ObjectEvent, unwrapObjectEvents } from "../../shared/object-events.ts";
import { parseDayFile } from "./day-file.ts";
import type { Invocation } from "./invocation.ts";
import { runDay } from "./run-day.ts";

/**
 * Takes messages about uploaded files. One that is no notification or tells of no day's file goes to the DLQ at once,
 * with its cause; one whose day could not be finished is reported, and comes again.
 */
export async function processBatch(
  records: readonly SQSRecord[],
  run: Invocation,
): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  for (const record of records) {
    const { messageId } = record;
    try {
      for (const event of unwrapObjectEvents(record.body)) await takeFile(event, messageId, run);
    } catch (error) {
      const done = error instanceof PermanentFault ? await deadLetter(record, error.fault, run) : undefined;
      if (done) continue;
      failed.push(messageId);
      const { name, message } = error as Error;
      run.log("WARN", `will come again: ${name}: ${message}`, {
        errorCode: "TRANSIENT",
        path: "",
        messageId,
      });
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function takeFile(event: ObjectEvent, messageId: string, run: Invocation): Promise<void> {
  const { bucket, key, version, size } = event;
  if (bucket !== run.environment.uploads) {
    const message = `expected an object in ${run.environment.uploads}, got one in ${bucket}`;
    throw new PermanentFault("UNKNOWN_BUCKET", message);
  }
  // The S3 console makes such an object for a folder.
  if (key.endsWith("/") && size === 0) return;
  const file = parseDayFile(key);
  run.log("INFO", "file arrived", { key, version, date: file.date, messageId });
  try {
    await runDay(file, messageId, run);
  } catch (error) {
    // A version that was there a moment ago is deleted now: the next look sees another set, or none.
    if (error instanceof PermanentFault) throw new Error(error.message, { cause: error });
    throw error;
  }
}

/** Sends a message to the DLQ. Returns whether SQS has taken it. */
async function deadLetter(record: SQSRecord, fault: Fault, run: Invocation): Promise<boolean> {
  const time = new Date(run.now()).toISOString();
  const letter: DeadLetter = {
    record,
    cause: { ...fault, function: run.functionName, requestId: run.requestId, time },
  };
  const { errorCode, path, message } = fault;
  const fields = { errorCode, path, messageId: record.messageId, deadLettered: true };
  const refused = await sendDeadLetters(
    run.sqs,
    run.environment.dlqUrl,
    [letter],
    (_letter, cause) => run.log("ERROR", message, { ...fields, cause }),
    run.signal,
  );
  return refused.length === 0;
}
