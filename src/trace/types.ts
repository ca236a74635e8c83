import type { Letter } from "../dead-letters/letter.ts";
import type { FoundLines } from "./log-lines.ts";
import type { DurableOutcome } from "./outcome.ts";
import type { Places } from "./places.ts";
import type { ObjectPut } from "./versions.ts";

/** A dead letter and the queue it lies in. */
export interface FoundLetter {
  letter: Letter;
  queue: string;
}

/** Everything found about a subject in one pipeline. */
export interface Findings {
  places: Places;
  puts: ObjectPut[];
  lines: FoundLines;
  letters: FoundLetter[];
}

/** Stations of an object's way, in their order. */
export type StepKind =
  | "put"
  | "deleted"
  | "event"
  | "topic"
  | "queue"
  | "replay"
  | "attempt"
  | "retry"
  | "dead letter"
  | "rejected"
  | "output";

/** One station of an object's way. */
export interface Step {
  /** ISO 8601 in UTC; null where nothing has recorded it. */
  time: string | null;
  kind: StepKind;
  /** What happened, for people. */
  text: string;
  messageId?: string;
  requestId?: string;
}

/**
 * Where an object version, or a message about no object, has come to. `unknown`: nothing tells; it is under way, or its
 * traces are gone.
 */
export type Outcome = "processed" | "rejected" | "deadLettered" | "claimed" | "deleted" | "unknown";

/** The way of one object version, or of a message that is about no object. */
export interface Trace {
  pipeline: string;
  bucket: string | null;
  key: string | null;
  version: string | null;
  outcome: Outcome;
  steps: Step[];
  /** What the outputs hold of it for good. */
  durable: DurableOutcome | null;
}

export interface TraceResult {
  env: string;
  /** As given: a key, event id or message id. */
  subject: string;
  traces: Trace[];
  /** What could not be seen, one sentence each. */
  notSeen: string[];
}
