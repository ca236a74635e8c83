import path from "node:path";
import type { Clients } from "../../aws/clients.ts";
import type { Context } from "../../context.ts";
import { CredentialsError, InterruptedError, NotDeployedError } from "../../errors.ts";
import type { Progress } from "../../terminal/terminal.ts";
import type { DeployedPipeline, Deployment } from "../../topology/deployment.ts";
import { deployedPipeline } from "../deployed-pipeline.ts";
import { createRunId, Manifest, type ManifestTotals, manifestPath } from "../manifest.ts";
import { type Pause, systemPause } from "../pause.ts";
import type { IngestResult } from "../result.ts";
import type { RejectedInput, Stop } from "../source.ts";
import { type EventApi, findApi } from "./api.ts";
import { batches } from "./batches.ts";
import { EventEndpoint } from "./endpoint.ts";
import { outgoingEvents } from "./event.ts";
import { type EventInput, type InputSettings, openInput } from "./input.ts";
import { RejectsFile } from "./rejects.ts";
import { type SendReport, type Stopped, sendEvents } from "./send.ts";

export const PIPELINE = "fakestore";
/** Faulty inputs kept for the result; all are counted. */
const MAX_REASONS = 1_000;

export interface EventsRequest {
  input: EventInput;
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

/** What a run is made of, beside what the user asked for. */
interface Run {
  context: Context;
  request: EventsRequest;
  runId: string;
  started: number;
  pause: Pause;
  rejected: { inputs: RejectedInput[]; count: number };
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
  const started = context.now();
  const run: Run = {
    context,
    request,
    runId: createRunId(started),
    started,
    pause,
    rejected: { inputs: [], count: 0 },
  };
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
      startedAt: new Date(started).toISOString(),
      bucket: api.bucket,
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

/** Events of the run, with their ids. */
async function open({ context, request, runId, started, pause, rejected }: Run) {
  const { seed, rate, input } = request;
  const settings: InputSettings = { seed, rate, startMs: started };
  const { source, close } = await openInput(context, input, settings, pause);
  const events = outgoingEvents(source, runId, (one) => {
    rejected.count++;
    if (rejected.inputs.length < MAX_REASONS) rejected.inputs.push(one);
  });
  return { events, total: source.total, close };
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
      skipped: 0,
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
      const { rate, durationSeconds, batch, concurrency } = request;
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
  endEarly(run, report, manifest.file);
  return report;
}

/** @throws the error that a run ends with which could not do what it was asked to */
function endEarly({ context, rejected }: Run, report: SendReport, manifest: string): void {
  const { accepted, stopped } = report;
  if (context.signal.aborted) {
    const open = report.unanswered > 0 ? ` and ${report.unanswered} without an answer` : "";
    throw new InterruptedError(`Interrupted: ${accepted} events accepted${open}, listed in ${manifest}.`, {
      hint: "What was accepted goes its way: npx edp reconcile tells of it.",
    });
  }
  if (stopped?.why === "key") {
    const after = accepted > 0 ? ` after ${accepted} events` : "";
    throw new CredentialsError(`The API refuses the key${after} (403: ${stopped.reason}).`, {
      code: "API_KEY",
      hint: context.variables.EDP_API_KEY
        ? "EDP_API_KEY is set: unset it, and the pipeline's own key is used; or correct it."
        : "The key may have been disabled or taken off the usage plan: deploy again.",
    });
  }
  if (accepted > 0 || report.refused > 0 || rejected.count > 0 || !stopped || stopped.why === "quota") return;
  throw new NotDeployedError(`The API takes no events: ${stopped.reason}`, {
    hint: "Is it running? npx edp status",
  });
}

function stopOf({ why, reason }: Stopped, report: SendReport): Stop {
  const sent = `${report.accepted} events were accepted before`;
  if (why === "quota") {
    return {
      code: "QUOTA_EXCEEDED",
      message: `The API key's quota for today is used up (${reason}); ${sent}.`,
      hint: "It is renewed at midnight UTC; a higher one is `quotaPerDay` in the pipeline's file.",
    };
  }
  return {
    code: why === "busy" ? "API_BUSY" : "UNREACHABLE",
    message: `${reason}; ${sent}.`,
    hint: "Look at npx edp status; then send the rest.",
  };
}

function resultOf(run: Run, report: SendReport, manifest: string, rejects: RejectsFile): IngestResult {
  const { context, runId, started, rejected } = run;
  const seconds = (context.now() - started) / 1000;
  const { accepted, refused, bytes, unanswered, resent, failures, latency, stopped } = report;
  const milliseconds = (percentile: number) => Math.round(latency.percentile(percentile) / 100) / 10;
  return {
    env: context.env,
    runId,
    pipeline: PIPELINE,
    dryRun: false,
    accepted,
    skipped: 0,
    unchanged: 0,
    failed: refused + rejected.count,
    bytes,
    seconds,
    manifest: path.relative(context.directory, manifest),
    rejectedInputs: rejected.inputs,
    failures,
    stopped: stopped && stopOf(stopped, report),
    sending: {
      unanswered,
      resent,
      eventsPerSecond: Math.round(accepted / Math.max(seconds, 0.001)),
      latencyMs: latency.count === 0 ? null : { p50: milliseconds(50), p99: milliseconds(99) },
      rejects: rejects.count > 0 ? path.relative(context.directory, rejects.file) : null,
    },
  };
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
    skipped: 0,
    unchanged: 0,
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
