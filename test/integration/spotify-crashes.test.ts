import { stat } from "node:fs/promises";
import path from "node:path";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ingest } from "../../src/ingest/ingest.ts";
import { createSample } from "../../src/ingest/spotify/sample.ts";
import type { Engine } from "../../src/local/engine.ts";
import { listProcessed } from "../../src/reconcile/outputs.ts";
import { testContext } from "../support/context.ts";
import { writeCrashingBundle } from "../support/crashing-bundle.ts";
import { shippedPipelines, startTestEngine } from "../support/engine.ts";
import { clientSettings, temporaryDirectory } from "../support/services.ts";
import { queryParquet } from "../unit/lambda/duckdb.ts";

/** Tracks of the sample; more by hand: EDP_CRASH_TRACKS=10000. */
const TRACKS = Number(process.env.EDP_CRASH_TRACKS ?? 400);
/** Small batches, so that there are many invocations to crash. */
const BATCH = Math.max(10, TRACKS / 40);
const WAIT_SECONDS = 50 + TRACKS / 50;

const QUERY = "select _source_key || ' ' || _source_version as source from FILE";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let engine: Engine;
let counter: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  counter = path.join(directory.path, "invocations");
  const request = await shippedPipelines(directory.path);
  const crashing = path.join(directory.path, "crashing.zip");
  await writeCrashingBundle(request.zips["spotify-to-parquet"] ?? "", crashing);
  request.zips["spotify-to-parquet"] = crashing;
  for (const { functions } of request.pipelines.filter(({ name }) => name === "spotify")) {
    const declared = functions["to-parquet"];
    if (!declared) throw new Error("the function to-parquet is missing");
    declared.environment = { CRASH_COUNTER: counter };
    Object.assign(declared.from, { batchSize: BATCH });
  }
  engine = await startTestEngine(path.join(directory.path, "data"));
  await engine.deploy(request);
});
afterEach(async () => {
  await engine.close();
  await directory.remove();
});

describe("a function that crashes on every tenth invocation, before the write and after it", () => {
  it("loses no object and doubles no row", { timeout: (WAIT_SECONDS + 30) * 1000 }, async () => {
    const { result } = await ingest(testContext(directory.path, { now: Date.now }), {
      pipeline: "spotify",
      source: createSample(TRACKS, 1),
      landingBucket: "bronze",
      deployment: engine.deployment(),
      out: undefined,
      dryRun: false,
      concurrency: undefined,
      waitSeconds: WAIT_SECONDS,
    });
    expect(result).toMatchObject({ processed: result.accepted, missing: 0, deadLettered: 0, rejected: 0 });

    const invocations = (await stat(counter)).size;
    expect(invocations).toBeGreaterThan(20);
    expect(await rowCounts()).toEqual({ rows: result.accepted, versions: result.accepted });
  });
});

/** Rows over all outputs, and distinct object versions among them, as DuckDB counts them. */
async function rowCounts(): Promise<{ rows: number; versions: number }> {
  const s3 = new S3Client(clientSettings(engine.endpoint));
  const bucket = engine.deployment().pipelines.spotify?.addresses.buckets.staging?.name ?? "";
  const files: Buffer[] = [];
  for (const key of new Set((await listProcessed(s3, bucket, {})).values())) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    files.push(Buffer.from((await Body?.transformToByteArray()) ?? []));
  }
  s3.destroy();
  // One file at a time: datasets differ in their columns.
  const versions = new Set<unknown>();
  let rows = 0;
  for (const file of files) {
    for (const { source } of await queryParquet(directory.path, [file], QUERY)) {
      rows++;
      versions.add(source);
    }
  }
  return { rows, versions: versions.size };
}
