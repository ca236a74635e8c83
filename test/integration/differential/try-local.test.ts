import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { readLetter } from "../../../src/dead-letters/letter.ts";
import { PIPELINES_DIRECTORY } from "../../../src/package-root.ts";
import { tryLocally } from "../../../src/replay/try-local/try-local.ts";
import type { Deployment } from "../../../src/topology/deployment.ts";
import { loadPipelines } from "../../../src/topology/load.ts";
import { testContext } from "../../support/context.ts";
import { collect, stream } from "../../support/entities.ts";
import { objectCreated, snsNotification } from "../../support/letters.ts";
import { type Moto, motoAvailable, startMoto } from "../../support/moto.ts";
import { clientSettings } from "../../support/services.ts";
import { NO_ADDRESSES } from "../../support/topology-fixtures.ts";
import { track } from "../../unit/lambda/function-bench.ts";

/** A letter about an object of `bronze`, as SNS delivers it. */
function letterAbout(key: string, version: string) {
  return readLetter({ MessageId: key, Body: snsNotification(objectCreated(key, { version })) });
}

describe.skipIf(!motoAvailable())("a local trial in an environment on another S3", () => {
  let moto: Moto;
  let s3: S3Client;
  let deployment: Deployment;

  beforeAll(async () => {
    moto = await startMoto();
    s3 = new S3Client(clientSettings(moto.endpoint));
    for (const Bucket of ["bronze", "staging"]) {
      await s3.send(new CreateBucketCommand({ Bucket }));
      await s3.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
      );
    }
    const shipped = await loadPipelines([PIPELINES_DIRECTORY]);
    const topology = shipped.find(({ name }) => name === "spotify");
    if (!topology) throw new Error("spotify is not shipped");
    const url = (name: string) => `${moto.endpoint}/123456789012/${name}`;
    const addresses = {
      ...NO_ADDRESSES,
      buckets: { bronze: { name: "bronze" }, staging: { name: "staging" } },
      queues: { landed: { url: url("landed"), dlqUrl: url("landed-dlq") } },
      functions: { "to-parquet": { name: "to-parquet", logGroup: "/aws/lambda/to-parquet" } },
      undelivered: { url: url("undelivered") },
    };
    deployment = {
      env: "dev",
      endpoint: moto.endpoint,
      region: "us-east-1",
      accountId: "123456789012",
      pipelines: { spotify: { topology, addresses } },
    };
  });
  afterAll(() => moto.stop());

  it("reads its objects and leaves no trace in it", async () => {
    const land = async (id: string, entity: object) => {
      const Key = `raw/tracks/${id} ä+b.json`;
      const { VersionId = "" } = await s3.send(
        new PutObjectCommand({ Bucket: "bronze", Key, Body: JSON.stringify(entity) }),
      );
      return letterAbout(Key, VersionId);
    };
    const good = await land("good", track("good"));
    const bad = await land("bad", track("bad", { duration_ms: "3:25" }));
    const gone = letterAbout("raw/tracks/gone.json", "00000000-0000-0000-0000-000000000000");
    const context = testContext("/", { env: "dev", now: Date.now });
    const clients = createClients(deployment, context);
    const place = { env: "dev", endpoint: moto.endpoint, region: "us-east-1", deployment };
    const trials = await collect(
      tryLocally(stream(good, bad, gone), { context, place, clients, pipelines: [] }),
    );
    clients.close();
    const reasons = new Map(trials.map(({ letter, reason }) => [letter, reason]));
    expect(reasons.get(good)).toBeNull();
    expect(reasons.get(bad)).toContain("SCHEMA_MISMATCH at duration_ms");
    expect(reasons.get(gone)).toContain("OBJECT_NOT_FOUND");
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket: "staging" }));
    expect(Versions ?? []).toEqual([]);
    const landed = await s3.send(new ListObjectVersionsCommand({ Bucket: "bronze" }));
    expect([landed.Versions?.length, landed.DeleteMarkers?.length ?? 0]).toEqual([2, 0]);
  });
});
