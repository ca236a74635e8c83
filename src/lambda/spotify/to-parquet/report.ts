import type { SQSRecord } from "aws-lambda";
import { type DeadLetter, sendDeadLetters } from "../../shared/dead-letters.ts";
import type { Fault } from "../../shared/faults.ts";
import type { Invocation } from "./invocation.ts";
import type { Ending, Message, Work } from "./work.ts";

/** Objects named in one line of the log, which then has some 6 KB. */
const OBJECTS_A_LINE = 20;

/**
 * Ends the messages of a batch: dead letters are sent, every fault gets one line in the log, and the batch
 * one line with its counts.
 * @returns ids of the messages that must come again: an object of theirs has to be tried again, or the DLQ
 *   did not take them
 */
export async function report(messages: Message[], works: Work[], run: Invocation): Promise<Set<string>> {
  const failures = new Set<string>();
  const letters: DeadLetter[] = [];
  for (const work of works) logRetry(work, run);
  for (const message of messages) {
    const fault = faultOf(message);
    if (message.works.some(({ ending }) => ending.kind === "retry")) failures.add(message.record.messageId);
    else if (fault) letters.push(deadLetter(message, fault, run));
  }
  for (const { letter, reason } of await send(letters, messages, run)) {
    const { messageId } = letter.record;
    failures.add(messageId);
    const { errorCode, path } = letter.cause;
    run.log("ERROR", `not taken by the DLQ, will come again: ${reason}`, { errorCode, path, messageId });
  }
  logObjects(messages, run);
  logOutcome(messages, works, failures, run);
  return failures;
}

function faultOf({ fault, works }: Message): Fault | undefined {
  if (fault) return fault;
  for (const { ending } of works) if (ending.kind === "faulty") return ending.fault;
  return undefined;
}

function deadLetter({ record }: Message, fault: Fault, run: Invocation): DeadLetter {
  const time = new Date(run.now()).toISOString();
  return { record, cause: { ...fault, function: run.functionName, requestId: run.requestId, time } };
}

function send(letters: DeadLetter[], messages: Message[], run: Invocation) {
  const byId = new Map(messages.map((message) => [message.record.messageId, message]));
  return sendDeadLetters(
    run.sqs,
    run.environment.dlqUrl,
    letters,
    ({ record: { messageId }, cause: { errorCode, path, message } }, kept) => {
      const work = byId.get(messageId)?.works[0];
      // `cause` tells whether edp-cause had room in the message: whole, shortened or dropped.
      const fields = {
        errorCode,
        path,
        messageId,
        source: work && sourceOf(work),
        deadLettered: true,
        cause: kept,
      };
      run.log("ERROR", message, fields);
    },
    run.signal,
  );
}

function sourceOf({ event: { bucket, key, version } }: Work) {
  return { bucket, key, version };
}

function logRetry(work: Work, run: Invocation): void {
  if (work.ending.kind !== "retry") return;
  const fields = { errorCode: "TRANSIENT", path: "", messageId: work.messageIds[0], source: sourceOf(work) };
  run.log("WARN", `will come again: ${work.ending.reason}`, fields);
}

/** One line for an object version that is rejected: no dead letter tells of it. */
export function logRejection(work: Work, { errorCode, path, message }: Fault, run: Invocation): void {
  const fields = { errorCode, path, messageId: work.messageIds[0], source: sourceOf(work), rejected: true };
  run.log("WARN", `rejected, a newer version took its place: ${message}`, fields);
}

/**
 * Names each object version with its event, message and ending, so that one object's way can be followed. Some
 * 300 bytes each: 0.15 USD of log for a million objects (us-east-1), against 5 USD of claims.
 */
function logObjects(messages: Message[], run: Invocation): void {
  const objects = messages.flatMap(({ record, works }) => works.map((work) => objectEntry(record, work)));
  for (let first = 0; first < objects.length; first += OBJECTS_A_LINE) {
    const { bronze: bucket, staging } = run.environment;
    run.log("INFO", "objects", { bucket, staging, objects: objects.slice(first, first + OBJECTS_A_LINE) });
  }
}

function objectEntry({ messageId, attributes }: SQSRecord, { event, ending, replayed }: Work) {
  return {
    key: event.key,
    version: event.version,
    eventId: event.id,
    messageId,
    receive: Number(attributes.ApproximateReceiveCount),
    sentAt: Number(attributes.SentTimestamp),
    ending: ending.kind,
    ...(replayed ? { replayed } : {}),
    ...(ending.kind === "processed" ? { output: ending.output } : {}),
  };
}

function logOutcome(messages: Message[], works: Work[], failures: Set<string>, run: Invocation): void {
  const count = (kind: Ending["kind"]) => works.filter(({ ending }) => ending.kind === kind).length;
  run.log("INFO", "batch done", {
    messages: messages.length,
    objects: works.length,
    processed: count("processed"),
    alreadyDone: count("done"),
    rejected: count("rejected"),
    ignored: count("ignored"),
    faulty: count("faulty") + messages.filter(({ fault }) => fault).length,
    retried: failures.size,
  });
}
