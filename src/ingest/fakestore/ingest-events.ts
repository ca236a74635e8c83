import type { Clients } from "../../aws/clients.ts";
import type { Context } from "../../context.ts";
import type { Progress } from "../../terminal/terminal.ts";
import type { DeployedPipeline, Deployment } from "../../topology/deployment.ts";
import { deployedPipeline } from "../deployed-pipeline.ts";
import { createRunId, Manifest, type ManifestTotals, manifestPath } from "../manifest.ts";
import { type Pause, systemPause } from "../pause.ts";
import type { IngestResult } from "../result.ts";
import { type EventApi, findApi } from "./api.ts";
import { batches } from "./batches.ts";
import { EventEndpoint } from "./endpoint.ts";
import { outgoingEvents } from "./event.ts";
import { type EventInput, fileStamp, openInput } from "./input.ts";
import { PIPELINE, type Run, refuseUseless, resultOf } from "./outcome.ts";
import { RejectsFile } from "./rejects.ts";
import { resumedRun } from "./resume.ts";
import { type SendReport, sendEvents } from "./send.ts";

/** Faulty inputs kept for the result; all are counted. */
const MAX_REASONS = 1_000;

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
    if (request.waitSeconds !== null) {
      await wait(run, result, { manifest: manifest.file, bucket: api.bucket, deployment, deployed, clients });
    }
    return result;
  } finally {
    clients.close();
  }
}

async function beginRun(context: Context, request: EventsRequest, pause: Pause): Promise<Run> {
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

/** Events of the run, with their ids; without those that an earlier run has its answers for. */
async function open({ context, origin, answered, pause, rejected }: Run) {
  const { source, close } = await openInput(context, origin, pause);
  const all = outgoingEvents(source, origin.idPrefix, (one) => {
    rejected.count++;
    if (rejected.inputs.length < MAX_REASONS) rejected.inputs.push(one);
  });
  const left = async function* () {
    for await (const event of all) if (!answered.has(event.eventId)) yield event;
  };
  return { events: left(), total: source.total && source.total - answered.size, close };
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
    const { events, total, close } = await open(run);
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

/** Says what would be sent, by type. */
async function preview(run: Run): Promise<IngestResult> {
  const { context, request, runId, rejected } = run;
  const { rate, durationSeconds } = request;
  const most =
    rate !== null && durationSeconds !== null ? Math.floor(rate * durationSeconds) : Number.POSITIVE_INFINITY;
  const { events, close } = await open(run);
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
  return {
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
}
