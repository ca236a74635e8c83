import { findApi } from "../ingest/fakestore/api.ts";
import { EventEndpoint } from "../ingest/fakestore/endpoint.ts";
import { ingestEvents } from "../ingest/fakestore/ingest-events.ts";
import type { EventsRequest } from "../ingest/fakestore/run.ts";
import { deliveredSince, objectLines } from "../reconcile/delivered-objects.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";
import { deployPipeline, type Stage, type Told } from "./stage.ts";

const PIPELINE = "fakestore";
const EVENTS = 500;
const WAIT_SECONDS = 60;
const SHOWN_OBJECTS = 4;
/** A price that is text; the Fake Store has numbers. */
const BAD_EVENT = { type: "product", data: { id: 1, title: "Backpack", price: "109.95", category: "bags" } };

const REQUEST: EventsRequest = {
  input: { kind: "sample", count: EVENTS },
  seed: 1,
  rate: null,
  durationSeconds: null,
  batch: 100,
  concurrency: 4,
  waitSeconds: WAIT_SECONDS,
  dryRun: false,
};

/** Deploys the pipeline beside the other one, posts a made-up store's events, and waits until they are in the lake. */
export async function postEvents(stage: Stage): Promise<Told> {
  stage.deployment = await deployPipeline(stage.context, PIPELINE);
  const { accepted, processed, missing } = await ingestEvents(stage.context, REQUEST, stage.deployment);
  return {
    lines: [
      "API Gateway -> Lambda -> Kinesis -> Firehose -> S3, on the same port",
      `${accepted} events accepted, ${processed} in the lake, ${missing} missing`,
    ],
    figures: { accepted, processed, missing },
    ok: processed === accepted,
  };
}

/** Posts an event that the function refuses, and shows its answer. */
export async function postBadEvent(stage: Stage): Promise<Told> {
  const api = await findApi(stage.context, deployed(stage.deployment), stage.clients);
  const endpoint = new EventEndpoint(api.url, api.key, 1);
  try {
    const { status, body } = await endpoint.post(JSON.stringify(BAD_EVENT));
    return {
      lines: [`POST /events -> ${status} ${JSON.stringify(body)}`],
      figures: { status, body },
      ok: status === 400,
    };
  } finally {
    await endpoint.close();
  }
}

/** Counts the events in the objects of the lake. */
export async function showLake(stage: Stage): Promise<Told> {
  const { topology, addresses } = deployed(stage.deployment);
  const s3 = await stage.clients.s3();
  const bucket = addresses.buckets.lake?.name ?? "";
  const counts: Record<string, number> = {};
  for (const { to } of Object.values(topology.deliveries)) {
    for await (const { key } of deliveredSince(s3, bucket, to.prefix, 0)) {
      const folder = key.slice(0, key.lastIndexOf("/") + 1);
      for await (const _line of objectLines(s3, bucket, key)) counts[folder] = (counts[folder] ?? 0) + 1;
    }
  }
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const largest = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return {
    lines: largest.slice(0, SHOWN_OBJECTS).map(([folder, count]) => `${folder}  ${count} events`),
    figures: { events: total, folders: counts },
    ok: total === EVENTS,
  };
}

function deployed({ pipelines }: Deployment): DeployedPipeline {
  const pipeline = pipelines[PIPELINE];
  if (!pipeline) throw new Error(`the pipeline ${PIPELINE} is not deployed`);
  return pipeline;
}
