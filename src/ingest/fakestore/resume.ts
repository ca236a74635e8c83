import type { Context } from "../../context.ts";
import { InvalidInputError, UsageError } from "../../errors.ts";
import { findRun, listRuns } from "../../reconcile/runs.ts";
import { eventAnswers } from "../event-answers.ts";
import { type EventsOrigin, manifestPath, type OpenedManifest, readManifest } from "../manifest.ts";
import { fileStamp } from "./input.ts";

/** A run to go on with. */
export interface Resumed {
  origin: EventsOrigin;
  /** Ids of the events that have their answer, of this run and of those that it went on with. */
  answered: ReadonlySet<string>;
}

/**
 * Finds what a run has left to send. Events without an answer are sent again, with the same ids.
 * @param wanted the run's id or the beginning of it; the newest one of events without
 * @throws InvalidInputError when there is no such run, or it cannot be gone on with; UsageError for an ambiguous id
 */
export async function resumedRun(context: Context, wanted: string | undefined): Promise<Resumed> {
  const { directory, env } = context;
  const runId = wanted === undefined ? await newestOfEvents(context) : await findRun(directory, env, wanted);
  const answered = new Set<string>();
  let origin: EventsOrigin | undefined;
  for (let next: string | undefined = runId; next !== undefined; ) {
    const opened: OpenedManifest<"events"> = await readManifest(manifestPath(directory, env, next));
    const { header, entries } = opened;
    if (header.kind !== "events" || !header.events)
      throw new InvalidInputError(`The run ${next} did not post events.`);
    for await (const { eventId, answer } of eventAnswers(entries)) {
      if (answer === "accepted" || answer === "rejected") answered.add(eventId);
    }
    origin ??= { ...header.events, continues: runId };
    next = header.events.continues;
  }
  if (!origin) throw new InvalidInputError(`The run ${runId} did not post events.`);
  await checkSame(context, origin, runId);
  return { origin, answered };
}

async function newestOfEvents({ directory, env }: Context): Promise<string> {
  for (const runId of (await listRuns(directory, env)).reverse()) {
    const { header, entries } = await readManifest(manifestPath(directory, env, runId));
    await entries[Symbol.asyncIterator]().return?.();
    if (header.kind === "events") return runId;
  }
  throw new InvalidInputError(`No run of ${env} has posted events from ${directory}.`, {
    code: "NO_RUN",
    hint: "Leave --resume out to begin one.",
  });
}

/** @throws where the input would not give the same events again */
async function checkSame(context: Context, { input, file }: EventsOrigin, runId: string): Promise<void> {
  if (input.kind === "site" && input.count === null) {
    throw new UsageError(`The run ${runId} had no number of events: there is no rest to send.`, {
      hint: "Run the same command again, for as long as you like.",
    });
  }
  if (input.kind !== "file") return;
  const now = await fileStamp(context, input);
  if (now && now.bytes === file?.bytes && now.modifiedMs === file.modifiedMs) return;
  throw new InvalidInputError(`${input.file} is not the file any more that the run ${runId} has read.`, {
    hint: "Send what is new in it as a file of its own.",
  });
}
