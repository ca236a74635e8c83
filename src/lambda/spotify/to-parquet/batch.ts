import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { Claims } from "../../shared/claims.ts";
import { CAUSE_ATTRIBUTE, type DeadLetter, sendDeadLetters } from "../../shared/dead-letters.ts";
import { type Fault, PermanentFault } from "../../shared/faults.ts";
import { type ObjectEvent, unwrapObjectEvents } from "../../shared/object-events.ts";
import { ByteBudget, eachLimited } from "../../shared/parallel.ts";
import { abandon, type Converted, convert } from "./convert.ts";
import { heldBytes, type Invocation, MAX_PARALLEL } from "./invocation.ts";
import { leaseMs, type Output, Outputs } from "./output.ts";
import { settleFault } from "./settle.ts";

/** Attribute that a replay puts on a message it moves out of a DLQ. */
const REPLAY_ATTRIBUTE = "edp-replay-count";

/** Share of the time kept for writing outputs and reporting: nothing new is read in it. */
const RESERVED_SHARE = 0.25;

/** Where an object version, or a message that names none, has come to. */
type Ending =
  | { kind: "processed" | "done" | "rejected" | "ignored" }
  | { kind: "faulty"; fault: Fault }
  | { kind: "retry"; reason: string };

/** One object version and the messages that tell of it. */
interface Work {
  event: ObjectEvent;
  messageIds: string[];
  replayed: boolean;
  ending: Ending;
}

interface Message {
  record: SQSRecord;
  works: Work[];
  /** Set where the message itself is at fault. */
  fault?: Fault;
}

/**
 * Turns a batch of queue messages into Parquet files, dead letters and claims. A message is a batch item
 * failure when any of its objects has to be tried again; nothing that one object does fails another.
 */
export async function convertBatch(
  records: readonly SQSRecord[],
  run: Invocation,
): Promise<SQSBatchResponse> {
  const messages = records.map(openMessage);
  const works = gather(messages);
  const claims = new Claims(run.s3, run.environment.staging, run.now);
  await convertAll(works, claims, run);
  const failures = await report(messages, run);
  logOutcome(messages, works, failures, run);
  return { batchItemFailures: [...failures].map((itemIdentifier) => ({ itemIdentifier })) };
}

function openMessage(record: SQSRecord): Message & { events: ObjectEvent[] } {
  try {
    return { record, works: [], events: unwrapObjectEvents(record.body) };
  } catch (error) {
    if (!(error instanceof PermanentFault)) throw error;
    return { record, works: [], events: [], fault: error.fault };
  }
}

/** One work for each object version, whatever number of messages name it. */
function gather(messages: (Message & { events: ObjectEvent[] })[]): Work[] {
  const works = new Map<string, Work>();
  for (const message of messages) {
    const { messageId, messageAttributes = {} } = message.record;
    const replayed = REPLAY_ATTRIBUTE in messageAttributes || CAUSE_ATTRIBUTE in messageAttributes;
    for (const event of message.events) {
      const id = `${event.bucket}\0${event.key}\0${event.version}`;
      const work = works.get(id) ?? { event, messageIds: [], replayed: false, ending: NOT_STARTED };
      works.set(id, work);
      work.messageIds.push(messageId);
      work.replayed ||= replayed;
      message.works.push(work);
    }
  }
  return [...works.values()];
}

const NOT_STARTED: Ending = { kind: "retry", reason: "the time that is left is kept for what has been read" };

async function convertAll(works: Work[], claims: Claims, run: Invocation): Promise<void> {
  const reservedMs = run.remainingMs() * RESERVED_SHARE;
  const inputBytes = works.reduce((sum, { event }) => sum + event.size, 0);
  const outputs = new Outputs(run, leaseMs(inputBytes, run.remainingMs()));
  const budget = new ByteBudget(heldBytes(run.memoryBytes));
  const written = new Map<Output, Work[]>();
  await eachLimited(works, MAX_PARALLEL, (work) =>
    budget.hold(work.event.size, async () => {
      if (run.remainingMs() <= reservedMs) return;
      work.ending = await ending(work, claims, run, async () => {
        const converted = await convert(work.event, outputs, claims, run);
        if (converted.kind === "written" && !converted.complete) {
          written.set(converted.output, [...(written.get(converted.output) ?? []), work]);
        }
        return converted;
      });
    }),
  );
  await Promise.all(outputs.all().map((output) => completeOutput(output, written.get(output) ?? [], run)));
}

async function ending(
  work: Work,
  claims: Claims,
  run: Invocation,
  conversion: () => Promise<Converted>,
): Promise<Ending> {
  const { event } = work;
  if (event.key.endsWith("/") && event.size === 0) return { kind: "ignored" };
  try {
    try {
      const converted = await conversion();
      return converted.kind === "written" ? { kind: "processed" } : converted;
    } catch (error) {
      if (!(error instanceof PermanentFault)) throw error;
      const settled = await settleFault(event, error.fault, work.replayed, claims, run);
      if (settled === "rejected")
        logFault("WARN", "rejected: a newer version took its place", work, error.fault, run);
      return settled === "deadLettered" ? { kind: "faulty", fault: error.fault } : { kind: settled };
    }
  } catch (error) {
    return { kind: "retry", reason: describe(error) };
  }
}

/** An output that fails takes its objects with it: they come again, and are claimed anew. */
async function completeOutput(output: Output, works: Work[], run: Invocation): Promise<void> {
  try {
    if (works.length > 0) return await output.complete();
  } catch (error) {
    for (const work of works) work.ending = { kind: "retry", reason: `${output.key}: ${describe(error)}` };
  }
  await abandon(output, run);
}

/** Sends the dead letters and logs every fault. Returns the ids of the messages that must come again. */
async function report(messages: Message[], run: Invocation): Promise<Set<string>> {
  const failures = new Set<string>();
  const letters: DeadLetter[] = [];
  const time = new Date(run.now()).toISOString();
  for (const message of messages) {
    const { record, works } = message;
    const retried = works.filter((work) => work.ending.kind === "retry");
    for (const work of retried) logRetry(work, run);
    const fault =
      message.fault ?? works.flatMap(({ ending }) => (ending.kind === "faulty" ? ending.fault : []))[0];
    if (retried.length > 0) failures.add(record.messageId);
    else if (fault) {
      letters.push({
        record,
        cause: { ...fault, function: run.functionName, requestId: run.requestId, time },
      });
    }
  }
  const unsent = await sendDeadLetters(
    run.sqs,
    run.environment.dlqUrl,
    letters,
    ({ record, cause }, kept) => {
      const source = sourceOf(messages, record.messageId);
      const { errorCode, path, message } = cause;
      run.log("ERROR", message, {
        errorCode,
        path,
        messageId: record.messageId,
        source,
        deadLettered: true,
        cause: kept,
      });
    },
    run.signal,
  );
  for (const { letter, reason } of unsent) {
    failures.add(letter.record.messageId);
    const { errorCode, path } = letter.cause;
    const messageId = letter.record.messageId;
    run.log("ERROR", `not taken by the DLQ, will come again: ${reason}`, { errorCode, path, messageId });
  }
  return failures;
}

function sourceOf(messages: Message[], messageId: string): ObjectEvent | undefined {
  return messages.find((message) => message.record.messageId === messageId)?.works[0]?.event;
}

function logRetry({ event, messageIds, ending }: Work, run: Invocation): void {
  if (ending.kind !== "retry") return;
  const { bucket, key, version } = event;
  run.log("WARN", `will come again: ${ending.reason}`, {
    errorCode: "TRANSIENT",
    path: "",
    messageId: messageIds[0],
    source: { bucket, key, version },
  });
}

function logFault(
  level: "WARN",
  text: string,
  { event, messageIds }: Work,
  fault: Fault,
  run: Invocation,
): void {
  const { bucket, key, version } = event;
  const { errorCode, path, message } = fault;
  run.log(level, `${text}: ${message}`, {
    errorCode,
    path,
    messageId: messageIds[0],
    source: { bucket, key, version },
  });
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
    faulty: count("faulty") + messages.filter((message) => message.fault).length,
    retried: failures.size,
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
