import { refuseUnusable } from "../ingest.ts";
import type { IngestResult } from "../result.ts";
import { openEvents, PIPELINE, type Run } from "./run.ts";

/** Says what would be sent, by type. @throws InvalidInputError where nothing of the input can be used */
export async function preview(run: Run): Promise<IngestResult> {
  const { context, request, runId, rejected } = run;
  const { rate, durationSeconds } = request;
  const most =
    rate !== null && durationSeconds !== null ? Math.floor(rate * durationSeconds) : Number.POSITIVE_INFINITY;
  const { events, close } = await openEvents(run);
  const types: Record<string, number> = {};
  let [accepted, bytes] = [0, 0];
  try {
    for await (const event of events) {
      context.signal.throwIfAborted();
      if (accepted >= most) break;
      accepted++;
      bytes += event.bytes;
      types[event.type] = (types[event.type] ?? 0) + 1;
    }
  } finally {
    await close();
  }
  const result: IngestResult = {
    env: context.env,
    runId,
    pipeline: PIPELINE,
    dryRun: true,
    accepted,
    skipped: run.answered.size,
    unchanged: run.answered.size,
    failed: rejected.count,
    bytes,
    seconds: (context.now() - run.started) / 1000,
    manifest: null,
    rejectedInputs: rejected.inputs,
    failures: [],
    stopped: null,
    types,
  };
  refuseUnusable(result);
  return result;
}
