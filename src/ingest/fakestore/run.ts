import type { Context } from "../../context.ts";
import { createRunId } from "../manifest.ts";
import type { Pause } from "../pause.ts";
import type { RejectedInput } from "../source.ts";
import { type OutgoingEvent, outgoingEvents } from "./event.ts";
import { type EventInput, fileStamp, openInput } from "./input.ts";
import { type Resumed, resumedRun } from "./resume.ts";

/** Faulty inputs kept for the result; all are counted. */
const MAX_REASONS = 1_000;

export const PIPELINE = "fakestore";

export interface EventsRequest {
  /** What is sent, or the run to go on with: its id or the beginning of it, null for the newest. */
  input: EventInput | { kind: "resume"; runId: string | null };
  seed: number;
  /** Events per second at most, or null. */
  rate: number | null;
  durationSeconds: number | null;
  /** Events in a request. */
  batch: number;
  /** Requests at once. */
  concurrency: number;
  waitSeconds: number | null;
  dryRun: boolean;
}

/** A run that posts events. */
export interface Run extends Resumed {
  context: Context;
  request: EventsRequest;
  runId: string;
  /** Milliseconds since the epoch. */
  started: number;
  pause: Pause;
  /** Inputs that were never sent; all are counted, not all are kept. */
  rejected: { inputs: RejectedInput[]; count: number };
}

/**
 * Begins a run, or goes on with an earlier one.
 * @throws what `resumedRun` throws
 */
export async function beginRun(context: Context, request: EventsRequest, pause: Pause): Promise<Run> {
  const { input, seed, rate } = request;
  const started = context.now();
  const runId = createRunId(started);
  const base = { context, request, runId, started, pause, rejected: { inputs: [], count: 0 } };
  if (input.kind === "resume") return { ...base, ...(await resumedRun(context, input.runId ?? undefined)) };
  const file = await fileStamp(context, input);
  return {
    ...base,
    origin: { input, file, seed, rate, startMs: started, idPrefix: runId },
    answered: new Set(),
  };
}

/** Opens the events of the run, with their ids; without those that an earlier run has its answers for. */
export async function openEvents({ context, origin, answered, pause, rejected }: Run): Promise<{
  events: AsyncIterable<OutgoingEvent>;
  /** How many, where it is known beforehand. */
  total: number | undefined;
  close(): Promise<void>;
}> {
  const { source, close } = await openInput(context, origin, pause);
  const all = outgoingEvents(source, origin.idPrefix, (one) => {
    rejected.count++;
    if (rejected.inputs.length < MAX_REASONS) rejected.inputs.push(one);
  });
  const left = async function* () {
    for await (const event of all) if (!answered.has(event.eventId)) yield event;
  };
  return { events: left(), total: source.total && Math.max(0, source.total - answered.size), close };
}
