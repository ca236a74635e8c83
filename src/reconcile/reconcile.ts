import path from "node:path";
import type { Clients } from "../aws/clients.ts";
import { userError } from "../aws/errors.ts";
import { queueDepth, queueName } from "../aws/queues.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import { InvalidInputError, NotDeployedError } from "../errors.ts";
import {
  type ManifestEntry,
  type ManifestHeader,
  type ManifestTotals,
  manifestPath,
  readManifest,
} from "../ingest/manifest.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";
import { findLanded } from "./landed.ts";
import { deadLetterUrls, proofsOf } from "./proofs.ts";
import type { ObjectReport, RunReport } from "./report.ts";
import { lastWritten } from "./runs.ts";
import { Tally, versionKey } from "./tally.ts";
import { settleAll } from "./wait.ts";

/** Outputs of a run are looked for until so long after its last object landed; claims tell of later ones. */
const SETTLED_AFTER_MS = 15 * 60_000;

export interface ReconcileParts {
  deployment: Deployment;
  clients: Clients;
}

interface Run {
  header: ManifestHeader & { bucket: string };
  manifest: string;
  entries: ManifestEntry[];
  totals: ManifestTotals | null;
  deployed: DeployedPipeline;
}

/**
 * Finds where each accepted object of an ingest run is: processed, rejected, dead-lettered or missing. Reads durable
 * facts only (manifest, outputs, claims, queues); nothing is consumed and nothing is changed.
 * @throws InvalidInputError for a run that has nothing to reconcile; NotDeployedError for one of another pipeline,
 *   bucket or an environment that was destroyed since; CredentialsError
 */
export async function reconcileRun(
  context: Context,
  runId: string,
  parts: ReconcileParts,
): Promise<RunReport> {
  const run = await openRun(context, runId, parts.deployment);
  const tally = new Tally();
  for (const entry of run.entries) tally.accept(entry);
  try {
    await settle(context, run, tally, parts);
    const s3 = await parts.clients.s3();
    const landed = await findLanded(s3, run.header.bucket, [...tally.missing]);
    checkNotGone(context, run, tally, landed);
    return await report(context, run, tally, landed, parts);
  } catch (error) {
    context.signal.throwIfAborted();
    throw userError(error, context.env) ?? error;
  }
}

/** Reads a run's manifest and finds the pipeline that it landed in. */
async function openRun(context: Context, runId: string, deployment: Deployment): Promise<Run> {
  const manifest = manifestPath(context.directory, context.env, runId);
  const { header, entries, totals } = await readManifest(manifest);
  const all: ManifestEntry[] = [];
  for await (const entry of entries) all.push(entry);
  const { bucket, pipeline } = header;
  if (bucket === null) {
    throw new InvalidInputError(`The run ${runId} wrote files to ${header.directory}, into no environment.`, {
      code: "NOTHING_TO_RECONCILE",
      hint: "Its manifest lists the files with their SHA-256.",
    });
  }
  const where = { code: "RUN_OF_ANOTHER_ENVIRONMENT" };
  const deployed = deployment.pipelines[pipeline];
  if (!deployed) {
    throw new NotDeployedError(
      `The run ${runId} is of the pipeline ${pipeline}, which is not deployed in ${context.env} any more.`,
      {
        ...where,
        hint: "What became of its objects can't be told without the pipeline's buckets and queues.",
      },
    );
  }
  const buckets = Object.values(deployed.addresses.buckets).map(({ name }) => name);
  if (!buckets.includes(bucket)) {
    throw new NotDeployedError(
      `The run ${runId} landed in the bucket ${bucket}; ${pipeline} in ${context.env} has ${buckets.join(", ")}.`,
      { ...where, hint: "It was sent to another environment, or to one that was destroyed since." },
    );
  }
  return { header: { ...header, bucket }, manifest, entries: all, totals: totals(), deployed };
}

async function settle(context: Context, run: Run, tally: Tally, parts: ReconcileParts): Promise<void> {
  const { now, signal } = context;
  const until = (await lastWritten(run.manifest)) + SETTLED_AFTER_MS;
  const { outputs, claims, deadLetters } = await proofsOf(run.deployed, {
    clients: parts.clients,
    landing: run.header.bucket,
    onAws: parts.deployment.endpoint === null,
    versionsByEtag: parts.deployment.endpoint !== null && context.env !== LOCAL_ENV,
    window: { from: Date.parse(run.header.startedAt), until },
    now,
    signal,
  });
  const progress = context.terminal.progress(
    `reconcile ${run.header.runId}`,
    tally.counts.accepted,
    "objects",
  );
  const onFound = () => {
    signal.throwIfAborted();
    progress.update(tally.counts.accepted - tally.missing.size);
  };
  try {
    // The claims twice: what was on its way from one place to the next meanwhile has arrived by then.
    await settleAll(tally, [...outputs, ...claims, ...deadLetters, ...claims], true, onFound);
  } finally {
    progress.end();
  }
}

/** Where not one object is there any more, the run says nothing of this environment: it was emptied or made anew. */
function checkNotGone(context: Context, run: Run, tally: Tally, landed: Map<string, boolean>): void {
  const { accepted, missing } = tally.counts;
  if (accepted === 0 || missing < accepted || [...landed.values()].includes(true)) return;
  const { runId, bucket } = run.header;
  throw new NotDeployedError(
    `None of the ${accepted} objects of the run ${runId} is in ${bucket} any more, nor any trace of them: ` +
      `${context.env} was destroyed or purged after that run.`,
    { code: "RUN_GONE", hint: "Ingest again to send what the source has." },
  );
}

async function report(
  context: Context,
  run: Run,
  tally: Tally,
  landed: Map<string, boolean>,
  parts: ReconcileParts,
): Promise<RunReport> {
  const { header, totals } = run;
  const objects = objectReports(run.entries, tally, landed);
  const outputs = new Set(objects.flatMap((one) => (one.state === "processed" ? [one.output] : [])));
  const missing = tally.missing.size > 0;
  const underWay = missing ? await busyQueues(run.deployed, parts) : [];
  return {
    ...tally.counts,
    runId: header.runId,
    pipeline: header.pipeline,
    bucket: header.bucket,
    manifest: path.relative(context.directory, run.manifest),
    startedAt: header.startedAt,
    finishedAt: totals?.finishedAt ?? null,
    interrupted: totals?.interrupted ?? false,
    outputs: outputs.size,
    underWay,
    notes: [...notesOnRun(totals), ...(missing ? notesOnMissing(run, underWay, landed) : [])],
    objects,
  };
}

function objectReports(
  entries: readonly ManifestEntry[],
  tally: Tally,
  landed: Map<string, boolean>,
): ObjectReport[] {
  const told = new Set<string>();
  return entries.flatMap(({ key, versionId }) => {
    const id = versionKey(key, versionId ?? "");
    if (told.has(id)) return [];
    told.add(id);
    const end = tally.endOf(id) ?? { state: "missing", landed: landed.get(id) ?? null };
    return [{ key, versionId, ...end }];
  });
}

/** Queues on the way, dead-letter queues included, that hold messages. */
async function busyQueues(
  deployed: DeployedPipeline,
  { clients }: ReconcileParts,
): Promise<RunReport["underWay"]> {
  const sqs = await clients.sqs();
  const urls = [
    ...Object.values(deployed.addresses.queues).map(({ url }) => url),
    ...deadLetterUrls(deployed),
  ];
  const depths = await Promise.all(urls.map((url) => queueDepth(sqs, url)));
  return urls.flatMap((url, index) => {
    const depth = depths[index];
    if (!depth || depth.visible + depth.inFlight + depth.delayed === 0) return [];
    return [{ queue: queueName(url), ...depth }];
  });
}

function notesOnRun(totals: ManifestTotals | null): string[] {
  if (!totals) {
    return [
      "The manifest has no closing line: the run was killed or still goes on. What it lists was accepted.",
    ];
  }
  return totals.interrupted
    ? ["The run was interrupted: what it lists was accepted, the rest was never sent."]
    : [];
}

function notesOnMissing(
  { deployed, header }: Run,
  underWay: RunReport["underWay"],
  landed: Map<string, boolean>,
): string[] {
  const notes: string[] = [];
  const dead = new Set(deadLetterUrls(deployed).map(queueName));
  const onTheWay = underWay.filter(({ queue }) => !dead.has(queue));
  const held = underWay.filter(({ queue, inFlight }) => dead.has(queue) && inFlight > 0);
  for (const { queue, visible, inFlight, delayed } of onTheWay) {
    const messages = visible + inFlight + delayed;
    notes.push(
      `${queue} still holds ${messages} messages: missing objects may be on their way. Run it again later.`,
    );
  }
  for (const { queue, inFlight } of held) {
    notes.push(
      `${inFlight} messages of ${queue} are held by somebody else and can't be seen. Run it again later.`,
    );
  }
  const there = [...landed.values()].filter(Boolean).length;
  if (there > 0 && onTheWay.length === 0) {
    notes.push(
      `${there} missing objects still lie in ${header.bucket}: copied onto themselves, they are sent anew ` +
        `(aws s3 cp s3://${header.bucket}/KEY s3://${header.bucket}/KEY --metadata-directive REPLACE).`,
    );
  }
  return notes;
}
