import { explained } from "./explain-letters.ts";
import { filledQueues, type Job } from "./job.ts";
import { lookAll } from "./survey.ts";
import { ExportFile } from "./transfer.ts";
import type { ReplayResult } from "./types.ts";

/** Writes the selected letters to a file, whole; they stay in their queues. @throws InvalidInputError */
export async function exportLetters(job: Job, name: string, result: ReplayResult): Promise<ReplayResult> {
  const { context, sqs, options } = job;
  const file = await ExportFile.create(name);
  const progress = context.terminal.progress("Exporting", undefined, "letters");
  let found = 0;
  try {
    const { parallel, waitSeconds } = job;
    const look = { parallel, waitSeconds, now: context.now, signal: context.signal };
    const letters = explained(lookAll(sqs, filledQueues(job), look), job.explainers);
    for await (const { letter, queue } of letters) {
      found++;
      if (job.select(letter)) await file.add(letter, queue);
      progress.update(file.count);
      if (file.count >= (options.max ?? Number.POSITIVE_INFINITY)) break;
    }
  } finally {
    progress.end();
    await file.close();
  }
  return { ...result, found, skipped: found - file.count, exported: name, exportedCount: file.count };
}
