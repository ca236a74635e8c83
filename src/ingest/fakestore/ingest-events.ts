import type { Clients } from "../../aws/clients.ts";
import type { Context } from "../../context.ts";
import type { Progress } from "../../terminal/terminal.ts";
import type { DeployedPipeline, Deployment } from "../../topology/deployment.ts";
import { deployedPipeline } from "../deployed-pipeline.ts";
import { refuseUnusable } from "../ingest.ts";
import { Manifest, type ManifestTotals, manifestPath } from "../manifest.ts";
import { type Pause, systemPause } from "../pause.ts";
import type { IngestResult } from "../result.ts";
import { type EventApi, findApi } from "./api.ts";
import { batches } from "./batches.ts";
import { EventEndpoint } from "./endpoint.ts";
import { refuseUseless, resultOf } from "./outcome.ts";
import { preview } from "./preview.ts";
import { RejectsFile } from "./rejects.ts";
import { beginRun, type EventsRequest, openEvents, PIPELINE, type Run } from "./run.ts";
import { type SendReport, sendEvents } from "./send.ts";

/**
 * Posts events to a pipeline's API, with progress and manifest, and waits until they are in the lake if asked to.
 * @throws NotDeployedError, CredentialsError (the key is refused), InvalidInputError, InterruptedError (after requests
 *   under way were finished and noted)
 */
export async function ingestEvents(
  context: Context,
  request: EventsRequest,
  deployment: Deployment | null,
  pause: Pause = systemPause,
): Promise<IngestResult> {
  const run = await beginRun(context, request, pause);
  if (!deployment) return preview(run);
  const deployed = deployedPipeline(deployment, PIPELINE);
  const { createClients } = await import("../../aws/clients.ts");
  const clients = createClients(deployment, context);
  try {
    const api = await findApi(context, deployed, clients);
    const manifest = await Manifest.create(manifestPath(context.directory, context.env, run.runId), {
      runId: run.runId,
      kind: "events",
      pipeline: PIPELINE,
      startedAt: new Date(run.started).toISOString(),
      bucket: api.bucket,
      events: run.origin,
    });
    const rejects = new RejectsFile(manifest.file.replace(/\.ndjson$/, ".rejects.ndjson"));
    const report = await send(run, api, manifest, rejects);
    const result = resultOf(run, report, manifest.file, rejects);
    refuseUnusable(result);
    if (request.waitSeconds !== null) {
      await wait(run, result, { manifest: manifest.file, bucket: api.bucket, deployment, deployed, clients });
    }
    return result;
  } finally {
    clients.close();
  }
}

async function send(
  run: Run,
  api: EventApi,
  manifest: Manifest<"events">,
  rejects: RejectsFile,
): Promise<SendReport> {
  const { context, request, pause, rejected } = run;
  const { now, signal, terminal } = context;
  const endpoint = new EventEndpoint(api.url, api.key, request.concurrency);
  let progress: Progress | undefined;
  let last: SendReport | undefined;
  const finish = async (report: SendReport | undefined) => {
    progress?.end();
    await endpoint.close();
    await rejects.close();
    const totals: ManifestTotals = {
      finishedAt: new Date(now()).toISOString(),
      accepted: report?.accepted ?? 0,
      skipped: run.answered.size,
      failed: (report?.refused ?? 0) + rejected.count,
      bytes: report?.bytes ?? 0,
      interrupted: signal.aborted,
    };
    await manifest.close(totals);
  };
  let report: SendReport;
  try {
    const { events, total, close } = await openEvents(run);
    try {
      const { durationSeconds, batch, concurrency } = request;
      const rate = request.rate ?? run.origin.rate;
      const endMs =
        durationSeconds === null ? Number.POSITIVE_INFINITY : run.started + durationSeconds * 1000;
      const pacing = { size: batch, rate: rate ?? undefined, endMs, pause, now, signal };
      report = await sendEvents({
        batches: batches(events, pacing),
        endpoint,
        manifest,
        rejects,
        concurrency,
        pause,
        now,
        random: Math.random,
        signal,
        note: terminal.note,
        onProgress: (sofar) => {
          last = sofar;
          progress ??= terminal.progress(`ingest ${PIPELINE}`, total, "events");
          progress.update(sofar.accepted + sofar.refused + sofar.unanswered);
        },
      });
    } finally {
      await close();
    }
  } catch (error) {
    await finish(last);
    throw error;
  }
  await finish(report);
  refuseUseless(run, report, manifest.file);
  return report;
}

async function wait(
  { context, request, started, pause }: Run,
  result: IngestResult,
  parts: {
    manifest: string;
    bucket: string;
    deployment: Deployment;
    deployed: DeployedPipeline;
    clients: Clients;
  },
): Promise<void> {
  const { waitForManifest } = await import("../wait.ts");
  const timeoutMs = (request.waitSeconds ?? 0) * 1000;
  const {
    deadLetters,
    figures = {},
    ...counts
  } = await waitForManifest(context, { ...parts, timeoutMs, pause });
  const { duplicates = 0, unanswered = 0 } = figures;
  Object.assign(result, counts, { duplicates, deadLetters });
  if (result.sending) result.sending.unanswered = unanswered;
  result.seconds = (context.now() - started) / 1000;
}
