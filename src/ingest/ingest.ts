import path from "node:path";
import type { Clients } from "../aws/clients.ts";
import { userError } from "../aws/errors.ts";
import type { Context } from "../context.ts";
import { InterruptedError, InvalidInputError, NotDeployedError } from "../errors.ts";
import type { Progress } from "../terminal/terminal.ts";
import type { Deployment } from "../topology/deployment.ts";
import { deployedPipeline } from "./deployed-pipeline.ts";
import { DirectorySink } from "./directory.ts";
import { createRunId, Manifest, manifestPath } from "./manifest.ts";
import { Patience } from "./patience.ts";
import { type Pause, systemPause } from "./pause.ts";
import type { IngestResult } from "./result.ts";
import { type IngestReport, runIngest } from "./run.ts";
import { SentIndex } from "./sent-index.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";
import { BucketSink } from "./upload.ts";

/** Objects stored at once where `--concurrency` says nothing. */
export const DEFAULT_CONCURRENCY = 32;
/** Faulty inputs named in an error; `--json` has more. */
const MAX_FAULTS = 10;
/** Dead letters listed in the result. */
const MAX_DEAD_LETTERS = 20;

export interface IngestRequest {
  pipeline: string;
  source: Source;
  /** Key of the bucket that the pipeline's objects land in. */
  landingBucket: string;
  /** Null with `out`. */
  deployment: Deployment | null;
  /** Directory to write to instead of the bucket. */
  out: string | undefined;
  dryRun: boolean;
  concurrency: number | undefined;
  /** Seconds to wait for the objects' end, or undefined not to wait. */
  waitSeconds: number | undefined;
}

/**
 * Sends a source's entities into a pipeline, with progress and manifest, and waits for their end if asked to.
 * @throws NotDeployedError, InvalidInputError (nothing can be read or written), InterruptedError (after everything
 * under way was finished and noted)
 */
export async function ingest(
  context: Context,
  request: IngestRequest,
  pause: Pause = systemPause,
): Promise<{ result: IngestResult; report: IngestReport }> {
  const started = context.now();
  const runId = createRunId(started);
  const deployed = request.deployment && deployedPipeline(request.deployment, request.pipeline);
  const bucket = deployed?.addresses.buckets[request.landingBucket]?.name ?? null;
  const clients = request.deployment && (await openClients(request.deployment, context));
  try {
    const sink = await openSink(context, request, { runId, bucket, clients, pause });
    const manifest = request.dryRun
      ? null
      : await Manifest.create(manifestPath(context.directory, context.env, runId), {
          runId,
          kind: "objects",
          pipeline: request.pipeline,
          startedAt: new Date(started).toISOString(),
          bucket,
          ...(request.out === undefined ? {} : { directory: path.resolve(context.directory, request.out) }),
        });
    const report = await send(context, request, sink, manifest);
    const result: IngestResult = {
      ...resultOf(context, request, runId, report),
      manifest: manifest && path.relative(context.directory, manifest.file),
      seconds: (context.now() - started) / 1000,
    };
    const { deployment } = request;
    if (request.waitSeconds !== undefined && manifest && deployment && deployed && bucket && clients) {
      const { waitForManifest } = await import("./wait.ts");
      const waited = await waitForManifest(context, {
        manifest: manifest.file,
        bucket,
        deployment,
        deployed,
        clients,
        timeoutMs: request.waitSeconds * 1000,
        pause,
      });
      const { accepted: _accepted, deadLetters, ...counts } = waited;
      Object.assign(result, counts, { deadLetters: deadLetters.slice(0, MAX_DEAD_LETTERS) });
      result.seconds = (context.now() - started) / 1000;
    }
    return { result, report };
  } finally {
    clients?.close();
  }
}

async function openClients(deployment: Deployment, context: Context): Promise<Clients> {
  const { createClients } = await import("../aws/clients.ts");
  return createClients(deployment, context);
}

async function openSink(
  context: Context,
  request: IngestRequest,
  parts: { runId: string; bucket: string | null; clients: Clients | null; pause: Pause },
): Promise<Sink> {
  let warned = false;
  const onIndexFault = (error: Error) => {
    if (!warned)
      context.terminal.warn(`The index of sent objects cannot be used, reruns take longer: ${error.message}`);
    warned = true;
  };
  if (request.out !== undefined) {
    const directory = path.resolve(context.directory, request.out);
    return DirectorySink.open(directory, { dryRun: request.dryRun, onIndexFault });
  }
  if (!parts.bucket || !parts.clients) {
    throw new NotDeployedError(`The pipeline ${request.pipeline} has no bucket ${request.landingBucket}.`);
  }
  const file = path.join(
    context.directory,
    ".edp",
    context.env,
    "ingest",
    `${request.pipeline}-index.${parts.bucket}.ndjson`,
  );
  const index = await SentIndex.open(file, onIndexFault);
  const patience = new Patience(parts.pause, context.now, context.signal, `The bucket ${parts.bucket}`);
  return new BucketSink(await parts.clients.s3(), parts.bucket, parts.runId, index, patience);
}

/** Runs the ingest with a progress bar and closes sink and manifest whatever happens. */
async function send(
  context: Context,
  request: IngestRequest,
  sink: Sink,
  manifest: Manifest | null,
): Promise<IngestReport> {
  const { terminal, signal } = context;
  const totals = { accepted: 0, skipped: 0, failed: 0, bytes: 0 };
  // Begun with the first object: before it, the source may have a question to ask.
  let progress: Progress | undefined;
  const finish = async (interrupted: boolean) => {
    progress?.end();
    await sink.close();
    const { accepted, skipped, failed, bytes } = totals;
    const finishedAt = new Date(context.now()).toISOString();
    await manifest?.close({ finishedAt, accepted, skipped, failed, bytes, interrupted });
  };
  let report: IngestReport;
  try {
    report = await runIngest({
      source: request.source,
      sink,
      manifest,
      concurrency: request.concurrency ?? DEFAULT_CONCURRENCY,
      signal,
      fatal: (error) => userError(error, context.env),
      onProgress: (counts) => {
        Object.assign(totals, counts);
        progress ??= terminal.progress(`ingest ${request.pipeline}`, request.source.total, "objects");
        progress.update(counts.accepted + counts.skipped + counts.failed);
      },
    });
  } catch (error) {
    await finish(signal.aborted);
    throw error;
  }
  Object.assign(totals, report);
  await finish(report.interrupted);
  if (report.interrupted) {
    throw new InterruptedError(
      `Interrupted: ${report.accepted} objects accepted${manifest ? `, listed in ${manifest.file}` : ""}.`,
      { hint: "Run the same command again: what has landed is skipped, the rest is sent." },
    );
  }
  if (report.stopped?.code === "UNREACHABLE" && report.accepted === 0) {
    throw new NotDeployedError(report.stopped.message, {
      hint:
        request.out === undefined
          ? "Is it running? npx edp status"
          : "Give --out a directory on a disk with space.",
    });
  }
  refuseUnusable(report);
  return report;
}

/** @throws InvalidInputError when every input was faulty: nothing was partly done. */
export function refuseUnusable({
  accepted,
  skipped,
  failed,
  failures,
  rejectedInputs,
  stopped,
}: Pick<IngestResult, "accepted" | "skipped" | "failed" | "failures" | "rejectedInputs" | "stopped">): void {
  if (accepted + skipped + failures.length > 0 || stopped || failed === 0) return;
  const lines = rejectedInputs.slice(0, MAX_FAULTS).map(({ file, reason }) => `${file}: ${reason}`);
  if (failed > MAX_FAULTS) lines.push(`... and ${failed - MAX_FAULTS} more`);
  const message = lines.length === 1 ? `: ${lines[0]}` : `:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  throw new InvalidInputError(`Nothing of the input can be used${message}`, {
    hint: "Correct the input and run the same command again.",
    data: { rejectedInputs },
  });
}

function resultOf(
  context: Context,
  request: IngestRequest,
  runId: string,
  report: IngestReport,
): Omit<IngestResult, "manifest" | "seconds"> {
  const { accepted, skipped, unchanged, failed, bytes, rejectedInputs, failures, stopped } = report;
  return {
    env: context.env,
    runId,
    pipeline: request.pipeline,
    dryRun: request.dryRun,
    accepted,
    skipped,
    unchanged,
    failed,
    bytes,
    ...(request.out === undefined ? {} : { directory: request.out }),
    rejectedInputs,
    failures,
    stopped,
  };
}
