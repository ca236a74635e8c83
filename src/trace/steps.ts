import { isS3Notification } from "../dead-letters/envelope.ts";
import type { Letter } from "../dead-letters/letter.ts";
import { formatBytes } from "../terminal/format.ts";
import type { FaultLine, InvocationLine, ObjectEntry } from "./log-lines.ts";
import type { DurableOutcome } from "./outcome.ts";
import type { Findings, FoundLetter, Outcome, Step, StepKind, Trace } from "./types.ts";
import type { ObjectPut } from "./versions.ts";

interface Version {
  bucket: string;
  key: string;
  version: string;
}

/** Order of stations at the same time, and of those without one. */
const ORDER: readonly StepKind[] = [
  "put",
  "event",
  "topic",
  "queue",
  "attempt",
  "retry",
  "dead letter",
  "replay",
  "rejected",
  "output",
  "deleted",
];

/**
 * Puts what was found about one object version in order; without a version, about messages that are about no object.
 */
export function buildTrace(
  findings: Findings,
  version: Version | undefined,
  durable: DurableOutcome | undefined,
  invocations: ReadonlyMap<string, InvocationLine>,
): Trace {
  const { places, puts } = findings;
  const of = <T extends { key: string | null; version: string | null }>(one: T) =>
    version === undefined || (one.key === version.key && one.version === version.version);
  const entries = findings.lines.entries.filter(of);
  const faults = findings.lines.faults.filter(of);
  const letters = findings.letters.filter(
    ({ letter }) => version === undefined || letter.objects.some((object) => of(object)),
  );
  const put = puts.find(of);
  const steps = [
    ...(put ? [putStep(put)] : []),
    ...eventSteps(entries, letters),
    ...messageSteps(entries, letters, faults, invocations),
    ...letters.map(letterStep),
    ...outcomeSteps(durable, entries, faults),
  ];
  return {
    pipeline: places.pipeline,
    bucket: version?.bucket ?? null,
    key: version?.key ?? null,
    version: version?.version ?? null,
    outcome: outcomeOf(put, durable, letters),
    steps: inOrder(steps),
    durable: durable ?? null,
  };
}

function outcomeOf(
  put: ObjectPut | undefined,
  durable: DurableOutcome | undefined,
  letters: readonly FoundLetter[],
): Outcome {
  if (put?.deleteMarker) return "deleted";
  if (durable?.kind === "output") return "processed";
  if (durable?.kind === "rejected") return "rejected";
  if (letters.length > 0) return "deadLettered";
  return durable ? "claimed" : "unknown";
}

function putStep(put: ObjectPut): Step {
  if (put.deleteMarker) return { time: put.time, kind: "deleted", text: "a delete marker was put" };
  const size = formatBytes(put.bytes);
  return {
    time: put.time,
    kind: "put",
    text: `${size} into ${put.bucket}${put.isLatest ? "" : ", since replaced"}`,
  };
}

/** The event, be it EventBridge's or S3's own notification, and the topic where the message still has its envelope. */
function eventSteps(entries: readonly ObjectEntry[], letters: readonly FoundLetter[]): Step[] {
  const ids = new Map<string, string | null>();
  for (const { eventId } of entries) if (eventId) ids.set(eventId, null);
  const told = new Map<string, Step>();
  for (const { letter } of letters) {
    const { time } = letter.payload as { time?: unknown };
    if (letter.eventId) ids.set(letter.eventId, typeof time === "string" ? iso(time) : null);
    for (const step of [topicStep(letter), notificationStep(letter)]) if (step) told.set(step.text, step);
  }
  const events = [...ids].map(
    ([id, time]): Step => ({ time, kind: "event", text: `EventBridge event ${id}` }),
  );
  return [...events, ...told.values()];
}

/** What S3 itself put into the queue, or published to the topic. */
function notificationStep({ payload }: Letter): Step | undefined {
  if (!isS3Notification(payload)) return undefined;
  const { Records: [record] = [] } = payload as {
    Records?: { eventTime?: string; eventName?: string; s3?: { configurationId?: string } }[];
  };
  if (!record) return undefined;
  const { eventTime = "", eventName = "", s3 } = record;
  return {
    time: iso(eventTime),
    kind: "event",
    text: `S3 notification ${eventName} (${s3?.configurationId})`,
  };
}

function topicStep({ body, envelope }: Letter): Step | undefined {
  if (envelope !== "sns" && envelope !== "sns-dlq") return undefined;
  const { TopicArn, MessageId, Timestamp } = body as {
    TopicArn: string;
    MessageId: string;
    Timestamp: string;
  };
  const name = TopicArn.slice(TopicArn.lastIndexOf(":") + 1);
  return { time: iso(Timestamp), kind: "topic", text: `${name}, notification ${MessageId}` };
}

/** Each message on its way through the queue and the attempts at it. */
function messageSteps(
  entries: readonly ObjectEntry[],
  letters: readonly FoundLetter[],
  faults: readonly FaultLine[],
  invocations: ReadonlyMap<string, InvocationLine>,
): Step[] {
  const steps: Step[] = [];
  const byMessage = new Map<string, ObjectEntry[]>();
  for (const entry of entries) {
    const list = byMessage.get(entry.messageId) ?? [];
    list.push(entry);
    byMessage.set(entry.messageId, list);
  }
  for (const [messageId, attempts] of byMessage) {
    const [first] = attempts;
    if (!first) continue;
    const kind = first.replayed ? "replay" : "queue";
    steps.push({ time: at(first.sentAt), kind, text: `message ${messageId}`, messageId });
    steps.push(...attempts.map((entry) => attemptStep(entry, invocations.get(entry.requestId))));
    const most = attempts.reduce((receives, { receive }) => Math.max(receives, receive), 0);
    const silent = most - new Set(attempts.map(({ receive }) => receive)).size;
    if (silent > 0) steps.push(silentStep(messageId, silent, at(first.at)));
  }
  for (const { letter } of letters) {
    if (byMessage.has(letter.messageId) || letter.evidence.origin === "edp-cause") continue;
    steps.push({
      time: letter.sentAt,
      kind: "queue",
      text: `message ${letter.messageId}`,
      messageId: letter.messageId,
    });
  }
  // A letter that still lies there tells the same as the line of the function that sent it.
  const told = new Set(letters.map(({ letter }) => letter.evidence.requestId));
  for (const fault of faults) {
    if (!fault.rejected && !(fault.deadLettered && told.has(fault.requestId))) steps.push(faultStep(fault));
  }
  return steps;
}

function silentStep(messageId: string, count: number, time: string): Step {
  const receives = count === 1 ? "1 more receive" : `${count} more receives`;
  return {
    time,
    kind: "attempt",
    text: `${receives} left no line: the function ended before it could report, or another consumer had it`,
    messageId,
  };
}

function attemptStep(entry: ObjectEntry, invocation: InvocationLine | undefined): Step {
  const { startedAt = null, durationMs = null, status = null } = invocation ?? {};
  const took = durationMs === null ? "" : `, ${Math.round(durationMs)} ms`;
  const failed = status === null || status === "success" ? "" : `, ${status}`;
  return {
    time: at(startedAt ?? entry.at),
    kind: "attempt",
    text: `receive ${entry.receive} by ${entry.function}: ${ENDINGS[entry.ending] ?? entry.ending}${took}${failed}`,
    messageId: entry.messageId,
    requestId: entry.requestId,
  };
}

/** Endings as to-parquet logs them. */
const ENDINGS: Record<string, string> = {
  done: "nothing to do, it was dealt with before",
  faulty: "at fault",
  retry: "to be tried again",
};

function faultStep(fault: FaultLine): Step {
  const place = fault.path ? ` at ${fault.path}` : "";
  const kind = fault.deadLettered ? "dead letter" : "retry";
  const step: Step = { time: at(fault.at), kind, text: `${fault.errorCode}${place}: ${fault.message}` };
  if (fault.messageId) step.messageId = fault.messageId;
  if (fault.requestId) step.requestId = fault.requestId;
  return step;
}

function letterStep({ letter, queue }: FoundLetter): Step {
  const { cause, evidence, messageId } = letter;
  const place = cause.path ? ` at ${cause.path}` : "";
  const told =
    cause.errorCode === null && cause.message === null
      ? "no cause in the message"
      : `${cause.errorCode ?? ""}${place}: ${cause.message ?? ""}`;
  return { time: evidence.time, kind: "dead letter", text: `lies in ${queue}: ${told}`, messageId };
}

function outcomeSteps(
  durable: DurableOutcome | undefined,
  entries: readonly ObjectEntry[],
  faults: readonly FaultLine[],
): Step[] {
  if (!durable) return [];
  const { requestId } = durable;
  if (durable.kind === "output") {
    const rows = durable.rows === null ? "rows" : durable.rows === 1 ? "1 row" : `${durable.rows} rows`;
    return [
      {
        time: durable.time,
        kind: "output",
        text: `${rows} in s3://${durable.bucket}/${durable.key}`,
        requestId,
      },
    ];
  }
  if (durable.kind === "rejected") {
    const line =
      faults.find(({ rejected }) => rejected) ?? entries.find(({ ending }) => ending === "rejected");
    const place = durable.path ? ` at ${durable.path}` : "";
    const text = `${durable.errorCode}${place}: ${durable.message}; version ${durable.supersededBy} took its place`;
    return [{ time: line ? at(line.at) : null, kind: "rejected", text, requestId }];
  }
  const text = `claimed for ${durable.output}, which is not there; free again at ${durable.expiresAt}`;
  return [{ time: null, kind: "output", text, requestId }];
}

/** By time; what has none stays where its kind belongs. */
function inOrder(steps: readonly Step[]): Step[] {
  const rank = ({ kind }: Step) => ORDER.indexOf(kind);
  const known = steps.filter(({ time }) => time !== null);
  known.sort((a, b) => compareTimes(a, b) || rank(a) - rank(b));
  for (const step of steps.filter(({ time }) => time === null)) {
    const after = known.findIndex((other) => rank(other) > rank(step));
    known.splice(after === -1 ? known.length : after, 0, step);
  }
  return known;
}

/** S3 has times in whole seconds, cut off: an output of that second came after what led to it. */
function compareTimes(a: Step, b: Step): number {
  return exactTime(a) - exactTime(b);
}

function exactTime({ kind, time }: Step): number {
  const ms = Date.parse(time ?? "");
  return kind === "output" && ms % 1000 === 0 ? ms + 999 : ms;
}

function at(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function iso(time: string): string | null {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? null : at(ms);
}
