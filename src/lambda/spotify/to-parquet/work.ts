import type { SQSRecord } from "aws-lambda";
import { CAUSE_ATTRIBUTE } from "../../shared/dead-letters.ts";
import { type Fault, PermanentFault } from "../../shared/faults.ts";
import { type ObjectEvent, unwrapObjectEvents } from "../../shared/object-events.ts";

/** Attribute that a replay puts on a message it moves out of a DLQ. */
const REPLAY_ATTRIBUTE = "edp-replay-count";

/** Where an object version has come to. `done`: an earlier delivery has dealt with it. */
export type Ending =
  | { kind: "processed"; output: string }
  | { kind: "done" | "rejected" | "ignored" }
  | { kind: "faulty"; fault: Fault }
  | { kind: "retry"; reason: string };

/** One object version and the messages that tell of it. */
export interface Work {
  event: ObjectEvent;
  messageIds: string[];
  /** One of its messages has been in a DLQ before. */
  replayed: boolean;
  ending: Ending;
}

/** One message and the object versions it tells of; S3's notifications may hold several. */
export interface Message {
  record: SQSRecord;
  works: Work[];
  /** Set where the message itself is at fault. */
  fault?: Fault;
}

const NOT_STARTED: Ending = { kind: "retry", reason: "the time left is kept for what has been read" };

/** Opens a batch's messages: one work for each object version, whatever number of messages name it. */
export function openMessages(records: readonly SQSRecord[]): { messages: Message[]; works: Work[] } {
  const works = new Map<string, Work>();
  const messages = records.map((record): Message => {
    try {
      return { record, works: unwrapObjectEvents(record.body).map((event) => workOf(event, record, works)) };
    } catch (error) {
      if (!(error instanceof PermanentFault)) throw error;
      return { record, works: [], fault: error.fault };
    }
  });
  return { messages, works: [...works.values()] };
}

function workOf(event: ObjectEvent, record: SQSRecord, works: Map<string, Work>): Work {
  const { messageId, messageAttributes = {} } = record;
  const id = `${event.bucket}\0${event.key}\0${event.version}`;
  const work = works.get(id) ?? { event, messageIds: [], replayed: false, ending: NOT_STARTED };
  works.set(id, work);
  work.messageIds.push(messageId);
  work.replayed ||= REPLAY_ATTRIBUTE in messageAttributes || CAUSE_ATTRIBUTE in messageAttributes;
  return work;
}
