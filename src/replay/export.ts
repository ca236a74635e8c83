import { MOST_LETTERS } from "../dead-letters/look.ts";
import { explained } from "./explain-letters.ts";
import { filledQueues, type Job, visible } from "./job.ts";
import { lookAll } from "./survey.ts";
import { ExportFile } from "./transfer.ts";
import type { ReplayResult } from "./types.ts";

/**
 * Writes the selected letters to a file, whole; they stay in their queues. Those that could not be seen are counted as
 * failed. @throws InvalidInputError where the file can't be written
 */
export async function exportLetters(job: Job, name: string, result: ReplayResult): Promise<ReplayResult> {
  const { context, sqs, options } = job;
  const file = await ExportFile.create(name);
  const progress = context.terminal.progress("Exporting", undefined, "letters");
  const most = options.max ?? Number.POSITIVE_INFINITY;
  let found = 0;
  try {
    const { parallel, waitSeconds } = job;
    const look = { parallel, waitSeconds, now: context.now, signal: context.signal };
    const letters = explained(lookAll(sqs, filledQueues(job), look), job.explainers);
    for await (const { letter, queue } of letters) {
      found++;
      if (job.select(letter)) await file.add(letter, queue);
      progress.update(file.count);
      if (file.count >= most) break;
    }
  } finally {
    progress.end();
    await file.close();
  }
  const unseen = file.count < most ? Math.max(0, visible(job.sources) - found) : 0;
  if (unseen > 0) {
    context.terminal.warn(
      `${unseen} letters could not be seen and are not in the file: a FIFO queue shows ten of each group, and a look ends after ${MOST_LETTERS}.`,
    );
  }
  const counts = { found: found + unseen, skipped: found - file.count, failed: unseen };
  return { ...result, ...counts, exported: name, exportedCount: file.count };
}
