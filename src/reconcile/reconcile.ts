import path from "node:path";
import type { Clients } from "../aws/clients.ts";
import { userError } from "../aws/errors.ts";
import { queueDepth, queueName } from "../aws/queues.ts";
import type { Context } from "../context.ts";
import { EdpError, InvalidInputError, NotDeployedError } from "../errors.ts";
import { type ManifestHeader, type ManifestTotals, manifestPath, readManifest } from "../ingest/manifest.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";
import { deadLetterUrls } from "./proofs.ts";
import type { RunFacts, RunReport } from "./report.ts";
import { lastWritten } from "./runs.ts";
import type { Settler } from "./settler.ts";
import { openSettler, settlerKind } from "./settlers.ts";

type UnderWay = RunFacts["underWay"][number];

export interface ReconcileParts {
  deployment: Deployment;
  clients: Clients;
}

interface Run {
  manifest: string;
  settler: Settler;
  header: ManifestHeader & { bucket: string };
  totals: ManifestTotals | null;
  deployed: DeployedPipeline;
}

/**
 * Finds where each record of an ingest run is: processed, rejected, dead-lettered or missing. Reads durable
 * facts only (manifest, outputs, claims, queues); nothing is consumed and nothing is changed.
 * @throws InvalidInputError for a run that has nothing to reconcile; NotDeployedError for one of another pipeline,
 *   bucket or an environment that was destroyed since; CredentialsError
 */
export async function reconcileRun(
  context: Context,
  runId: string,
  parts: ReconcileParts,
): Promise<RunReport> {
  try {
    const run = await openRun(context, runId, parts);
    await settle(context, run);
    return await report(context, run, parts);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof EdpError) throw error;
    throw userError(error, context.env) ?? error;
  }
}

/** Reads a run's manifest and finds the pipeline that it was sent to. */
async function openRun(
  context: Context,
  runId: string,
  { deployment, clients }: ReconcileParts,
): Promise<Run> {
  const manifest = manifestPath(context.directory, context.env, runId);
  const { header, entries, totals } = await readManifest(manifest);
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
        hint: "What became of its records can't be told without the pipeline's buckets and queues.",
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
  const landed = { ...header, bucket };
  const settler = await openSettler({
    header: landed,
    entries,
    deployment,
    deployed,
    clients,
    context,
    lastWritten: await lastWritten(manifest),
  });
  return { header: landed, manifest, settler, totals: totals(), deployed };
}

async function settle({ terminal, signal }: Context, { header, settler }: Run): Promise<void> {
  const { accepted } = settler.counts;
  const progress = terminal.progress(`reconcile ${header.runId}`, accepted, settlerKind(header.kind).unit);
  try {
    await settler.look(true, () => {
      signal.throwIfAborted();
      progress.update(accepted - settler.counts.missing);
    });
  } finally {
    progress.end();
  }
}

async function report(context: Context, run: Run, parts: ReconcileParts): Promise<RunReport> {
  const { header, totals, settler, deployed } = run;
  const { counts, figures } = settler;
  const underWay = counts.missing > 0 ? await busyQueues(deployed, parts) : [];
  const dead = new Set(deadLetterUrls(deployed).map(queueName));
  const onTheWay = underWay.filter(({ queue }) => !dead.has(queue));
  const { records, outputs, gone, notes } = await settler.settled(onTheWay.length > 0);
  // The run says nothing of this environment then.
  if (gone) {
    throw new NotDeployedError(
      `None of the ${counts.accepted} records of the run ${header.runId} is in ${header.bucket} any more, nor any ` +
        `trace of them: ${context.env} was destroyed or purged after that run.`,
      { code: "RUN_GONE", hint: "Ingest again to send what the source has." },
    );
  }
  const facts: RunFacts = {
    ...counts,
    runId: header.runId,
    pipeline: header.pipeline,
    bucket: header.bucket,
    manifest: path.relative(context.directory, run.manifest),
    startedAt: header.startedAt,
    finishedAt: totals?.finishedAt ?? null,
    interrupted: totals?.interrupted ?? false,
    outputs,
    underWay,
    notes: [
      ...notesOnRun(totals),
      ...onTheWay.map(noteOnBusy),
      ...underWay.filter(({ queue, inFlight }) => dead.has(queue) && inFlight > 0).map(noteOnHeld),
      ...notes,
    ],
    ...(figures && { figures }),
  };
  return { ...facts, kind: header.kind, [header.kind]: records } as RunReport;
}

/** Queues on the way to a function, and dead-letter queues, that hold messages; what lies in an output queue has arrived. */
async function busyQueues(deployed: DeployedPipeline, { clients }: ReconcileParts): Promise<UnderWay[]> {
  const sqs = await clients.sqs();
  const consumed = Object.values(deployed.topology.functions).flatMap(({ from }) =>
    "queue" in from ? from.queue : [],
  );
  const urls = [
    ...new Set(consumed.flatMap((key) => deployed.addresses.queues[key]?.url ?? [])),
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

function noteOnBusy({ queue, visible, inFlight, delayed }: UnderWay): string {
  const messages = visible + inFlight + delayed;
  return `${queue} still holds ${messages} messages: missing records may be on their way. Run it again later.`;
}

function noteOnHeld({ queue, inFlight }: UnderWay): string {
  return `${inFlight} messages of ${queue} are held by somebody else and can't be seen. Run it again later.`;
}
