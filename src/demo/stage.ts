import type { Clients } from "../aws/clients.ts";
import { readParquetRows } from "../aws/parquet.ts";
import type { Context } from "../context.ts";
import { ingest } from "../ingest/ingest.ts";
import type { IngestResult } from "../ingest/result.ts";
import type { Source, SourceEntity } from "../ingest/source.ts";
import { createSample, sampleEntities } from "../ingest/spotify/sample.ts";
import { deployLocal } from "../local/deploy.ts";
import { PIPELINES_DIRECTORY } from "../package-root.ts";
import { listProcessed } from "../reconcile/outputs.ts";
import { reconcileRuns } from "../reconcile/reconcile-runs.ts";
import { REPLAY_DEFAULTS, type ReplayOptions } from "../replay/options.ts";
import { replay } from "../replay/replay.ts";
import type { ReplayResult } from "../replay/types.ts";
import { table } from "../terminal/table.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";
import { loadPipelines } from "../topology/load.ts";
import { selectPipelines } from "../topology/select.ts";

/** What the steps share. */
export interface Stage {
  context: Context;
  deployment: Deployment;
  clients: Clients;
  /** Ingest runs so far, in order. */
  runs: IngestResult[];
}

/** A step's telling, without what every step has. */
export interface Told {
  lines: string[];
  figures: Record<string, unknown>;
  ok?: boolean;
}

const PIPELINE = "spotify";
const SEED = 1;
/** Seed of the poison object, so that it is none of the sample's. */
const POISON_SEED = 2;
const WAIT_SECONDS = 60;
const SHOWN_ROWS = 5;

export async function deploy(context: Context): Promise<Told> {
  const { endpoint } = await deployPipeline(context, PIPELINE);
  return {
    lines: [`S3, SQS, SNS, EventBridge and Lambda answer at ${endpoint}, for any AWS SDK or the AWS CLI`],
    figures: { endpoint },
  };
}

export async function deployPipeline(context: Context, name: string): Promise<Deployment> {
  const pipelines = selectPipelines(await loadPipelines([PIPELINES_DIRECTORY]), [name]);
  return (await deployLocal(context, { pipelines, port: undefined, awsTiming: false })).deployment;
}

export async function ingestSample(stage: Stage, tracks: number): Promise<Told> {
  const result = await send(stage, createSample(tracks, SEED));
  return {
    lines: [`${result.accepted} objects accepted, ${result.processed} processed, ${result.missing} missing`],
    figures: { accepted: result.accepted, processed: result.processed, missing: result.missing },
    ok: result.processed === result.accepted,
  };
}

/** Counts the rows by dataset and shows the first tracks. */
export async function showParquet(stage: Stage): Promise<Told> {
  const s3 = await stage.clients.s3();
  const bucket = deployed(stage).addresses.buckets.staging?.name ?? "";
  const counts: Record<string, number> = {};
  let shown = "";
  for (const key of new Set((await listProcessed(s3, bucket, {})).values())) {
    const dataset = /dataset=([^/]+)/.exec(key)?.[1] ?? "";
    const columns = dataset === "tracks" ? ["name", "artists", "duration_ms", "album"] : ["id"];
    const { total, rows } = await readParquetRows(s3, { bucket, key }, { columns, limit: SHOWN_ROWS });
    counts[dataset] = (counts[dataset] ?? 0) + total;
    if (dataset === "tracks" && shown === "") shown = trackTable(stage.context, rows);
  }
  const perDataset = Object.entries(counts).map(([dataset, rows]) => `${rows} ${dataset}`);
  return {
    lines: [`rows: ${perDataset.join(", ")}`, ...shown.trimEnd().split("\n")],
    figures: { rows: counts },
  };
}

/** Lands a track whose duration is text, and shows what the dead-letter queue says of it. */
export async function poison(stage: Stage): Promise<Told> {
  const [entity] = poisonTrack("3:25");
  const result = await send(stage, sourceOf(entity));
  const [letter] = result.deadLetters ?? [];
  return {
    lines: [
      `${letter?.key}`,
      `${letter?.errorCode} at ${letter?.path}: ${letter?.message}`,
      "The reason travels with the message; the other objects were not held up.",
    ],
    figures: { deadLettered: result.deadLettered, cause: letter ?? null },
    ok: result.deadLettered === 1,
  };
}

export async function correct(stage: Stage): Promise<Told> {
  const [entity] = poisonTrack(205_000);
  const result = await send(stage, sourceOf(entity));
  return {
    lines: [`the same key, a new version: ${result.processed} of ${result.accepted} processed`],
    figures: { accepted: result.accepted, processed: result.processed },
    ok: result.processed === 1,
  };
}

/** Runs the dead letter through the function as built now, on this machine; what fails is not replayed. */
export async function tryLocally(stage: Stage): Promise<Told> {
  const { replayed, trials } = await replayLetters(stage, { tryLocal: true });
  return {
    lines: [
      `edp replay-dlq --try-local: ${replayed} replayed, the trial failed`,
      `${trials?.[0]?.reason}`,
      "It reads the real object and writes to a scratch place: the environment has not noticed.",
    ],
    figures: { replayed, trials },
    ok: replayed === 0 && trials?.length === 1,
  };
}

/** Tries the dead letter again, replays it, and waits for its end: its version has been replaced by a good one. */
export async function replayVerified(stage: Stage): Promise<Told> {
  const { replayed, trials, verified, left } = await replayLetters(stage, { tryLocal: true });
  return {
    lines: [
      `edp replay-dlq --try-local: the trial passed, ${replayed} replayed, ${left} left in the dead-letter queue`,
      `verified: ${verified?.processed} processed, ${verified?.rejected} rejected, ${verified?.deadAgain} dead again`,
      "Rejected, with its reason kept in staging: the poison version has nothing left to do, the corrected one has its row.",
    ],
    figures: { replayed, trials, verified, deadLetters: left },
    ok: replayed === 1 && verified?.rejected === 1,
  };
}

/** Proves from durable facts where every object of the tour's runs has ended. */
export async function reconcile(stage: Stage): Promise<Told> {
  const { context, deployment, clients, runs } = stage;
  const runIds = runs.map(({ runId }) => runId);
  const result = await reconcileRuns(context, runIds, { deployment, clients, skipForeign: false });
  const { accepted, processed, rejected, deadLettered, missing } = result;
  return {
    lines: [
      `edp reconcile --all: ${runs.length} runs, ${accepted} objects, each with its end`,
      `accepted ${accepted} = processed ${processed} + rejected ${rejected} + deadLettered ${deadLettered} + missing ${missing}`,
    ],
    figures: { accepted, processed, rejected, deadLettered, missing },
    ok: accepted === processed + rejected && missing === 0,
  };
}

function replayLetters({ context }: Stage, overrides: Partial<ReplayOptions>): Promise<ReplayResult> {
  return replay({ ...REPLAY_DEFAULTS, pipelines: [PIPELINE], ...overrides }, { ...context, yes: true });
}

async function send(stage: Stage, source: Source): Promise<IngestResult> {
  const { result } = await ingest(stage.context, {
    pipeline: PIPELINE,
    source,
    landingBucket: "bronze",
    deployment: stage.deployment,
    out: undefined,
    dryRun: false,
    concurrency: undefined,
    waitSeconds: WAIT_SECONDS,
  });
  stage.runs.push(result);
  return result;
}

function deployed(stage: Stage): DeployedPipeline {
  const pipeline = stage.deployment.pipelines[PIPELINE];
  if (!pipeline) throw new Error(`the pipeline ${PIPELINE} is not deployed`);
  return pipeline;
}

function poisonTrack(duration: unknown): [SourceEntity] {
  for (const entity of sampleEntities(1, POISON_SEED)) {
    if (entity.dataset === "tracks") {
      return [{ ...entity, entity: { ...entity.entity, duration_ms: duration } }];
    }
  }
  throw new Error("the sample holds no track");
}

function sourceOf(entity: SourceEntity): Source {
  return {
    distinct: true,
    total: 1,
    async *entities() {
      yield entity;
    },
  };
}

function trackTable(context: Context, rows: Record<string, unknown>[]): string {
  return table(
    context.terminal,
    ["name", "artist", "duration_ms", "released"],
    rows.map(({ name, artists, duration_ms, album }) => [
      String(name).slice(0, 32),
      (artists as { name: string }[])[0]?.name.slice(0, 24) ?? null,
      Number(duration_ms),
      released(album),
    ]),
  );
}

function released(album: unknown): string | null {
  const date = (album as { release_date?: Date | null } | null)?.release_date;
  return date ? date.toISOString().slice(0, 10) : null;
}
