import { createClients } from "../aws/clients.ts";
import type { Context } from "../context.ts";
import { InterruptedError } from "../errors.ts";
import { type Pause, systemPause } from "../ingest/pause.ts";
import { checkConfirmable } from "../terminal/confirm.ts";
import { announce, ask, checkEdits, look } from "./ask.ts";
import { openEdit } from "./edit.ts";
import { exportLetters } from "./export.ts";
import { explain } from "./faults.ts";
import { checkOrigins, findQueues, type Job, openJob, reported, visible } from "./job.ts";
import { moveNatively } from "./native.ts";
import type { ReplayOptions } from "./options.ts";
import { renderPreview } from "./render.ts";
import { emptyResult } from "./result.ts";
import { selection } from "./select.ts";
import { send } from "./sending.ts";
import { checkFile } from "./transfer.ts";
import type { ReplayResult } from "./types.ts";

/** Letters that are looked at before a question; --dry-run looks at all. */
const LOOKED_BEFORE_ASKING = 10_000;

/**
 * Replays dead letters: counts, asks, sends each where it came from, deletes it then, and says what became of them.
 * @throws UsageError, InvalidInputError, CredentialsError, NotDeployedError; InterruptedError at Ctrl-C. Whenever it
 *   ends, every letter is in its queue, or sent, or (after a kill) perhaps both, which the next replay sorts out.
 */
export async function replay(
  options: ReplayOptions,
  context: Context,
  pause: Pause = systemPause,
): Promise<ReplayResult> {
  const started = context.now();
  // What can be wrong without asking anybody comes first.
  const select = selection(options, started);
  const edit = options.edit === undefined ? undefined : await openEdit(options.edit, context.directory);
  const file = options.importFile === undefined ? undefined : await checkFile(options.importFile);
  const { place, queues } = await findQueues(options, context, file);
  const clients = createClients(place, context);
  try {
    const sqs = await clients.sqs();
    const job = await openJob({ options, context, place, clients, sqs, select, edit, file, pause }, queues);
    const result = await runJob(job, started);
    return { ...result, seconds: (context.now() - started) / 1000 };
  } catch (error) {
    if (error === context.signal.reason) throw new InterruptedError();
    throw explain(error, place.env);
  } finally {
    clients.close();
  }
}

async function runJob(job: Job, started: number): Promise<ReplayResult> {
  const { options, context, place } = job;
  const result = emptyResult(place.env);
  const total = job.file?.messages ?? reported(job.sources);
  announce(job, total);
  if (total === 0) return result;
  if (options.exportFile !== undefined) return exportLetters(job, options.exportFile, result);
  if (options.native) return moveAll(job, result);
  await checkOrigins(job);
  const asks = !context.yes && !options.dryRun;
  // Before the look, which takes a while.
  if (asks) checkConfirmable(context);
  if (asks || options.dryRun || job.edit) {
    result.preview = await look(job, options.dryRun ? Number.POSITIVE_INFINITY : LOOKED_BEFORE_ASKING, total);
    renderPreview(result.preview, context.terminal);
    checkEdits(result.preview);
  }
  if (options.dryRun) {
    const { looked, selected } = result.preview ?? { looked: 0, selected: 0 };
    return { ...result, dryRun: true, found: looked, skipped: looked - selected };
  }
  if (asks) await ask(job, result.preview, total);
  return send(job, result, started, total);
}

async function moveAll(job: Job, result: ReplayResult): Promise<ReplayResult> {
  const { context, sqs, options, sources, pause, waitSeconds, parallel } = job;
  const filled = sources.filter(({ depth }) => depth.visible > 0);
  const total = visible(filled);
  if (!context.yes) await ask(job, null, total);
  const progress = context.terminal.progress("Moving", total, "messages");
  try {
    const replayed = await moveNatively(sqs, filled, options.to, {
      pause,
      signal: context.signal,
      rate: options.rate,
      onProgress: (moved) => progress.update(moved),
      waitSeconds,
      parallel,
      now: context.now,
    });
    return { ...result, found: total, replayed };
  } finally {
    progress.end();
  }
}
