import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clients, createClients } from "../../src/aws/clients.ts";
import { queueDepth } from "../../src/aws/queues.ts";
import type { Letter } from "../../src/dead-letters/letter.ts";
import { lookThrough } from "../../src/dead-letters/look.ts";
import { PACKAGE_ROOT } from "../../src/package-root.ts";
import type { ReadRequest } from "../../src/replay/try-local/environment-reader.ts";
import { type TryParts, tryLocally } from "../../src/replay/try-local/try-local.ts";
import type { Trial } from "../../src/replay/types.ts";
import { type Deployed, startDeployed } from "../support/deployed.ts";
import { collect, entityOf, stream } from "../support/entities.ts";
import { clientSettings, temporaryDirectory } from "../support/services.ts";
import { track } from "../unit/lambda/function-bench.ts";

const TO_PARQUET = "src/lambda/spotify/to-parquet";

let engine: Deployed;
let clients: Clients;
let letters: Letter[];
const directories: { remove(): Promise<void> }[] = [];

beforeAll(async () => {
  engine = await startDeployed();
  clients = createClients(engine.deployment, engine.context());
  await engine.land(entityOf({ id: "text" }).key, JSON.stringify(track("text", { duration_ms: "205000" })));
  await engine.land(entityOf({ id: "torn" }).key, '{"id":"torn","type":"tra');
  await engine.deadLetters(2);
  letters = await lookAll(engine.dlqUrl);
});
afterAll(async () => {
  clients.close();
  await engine.close();
  for (const directory of directories) await directory.remove();
});

function lookAll(url: string): Promise<Letter[]> {
  const look = { parallel: 1, waitSeconds: 0, now: Date.now, signal: new AbortController().signal };
  return collect(lookThrough(engine.clients.sqs, url, look));
}

/** The outcomes by the object's id. */
async function outcomes(parts: Partial<TryParts> = {}, given = letters) {
  const { deployment } = engine;
  const trials = await collect<Trial>(
    tryLocally(stream(...given), {
      context: engine.context(),
      place: { env: "local", endpoint: deployment.endpoint, region: deployment.region, deployment },
      clients,
      pipelines: [],
      ...parts,
    }),
  );
  return Object.fromEntries(
    trials.map(({ letter, passed, reason }) => [
      path.basename(letter.source.key ?? "", ".json"),
      { passed, reason },
    ]),
  );
}

/** A package with edp's Lambdas, one file of which is changed. */
async function packageWith(file: string, change: (text: string) => string): Promise<string> {
  const directory = await temporaryDirectory();
  directories.push(directory);
  await cp(path.join(PACKAGE_ROOT, "src/lambda"), path.join(directory.path, "src/lambda"), {
    recursive: true,
  });
  await symlink(path.join(PACKAGE_ROOT, "node_modules"), path.join(directory.path, "node_modules"));
  const target = path.join(directory.path, file);
  const before = await readFile(target, "utf8");
  const after = change(before);
  if (after === before) throw new Error(`${file} is not changed`);
  await writeFile(target, after);
  return directory.path;
}

/** A transform that takes a number written as text. */
const fixed = () =>
  packageWith(`${TO_PARQUET}/transform.ts`, (text) =>
    text.replace(
      "const entity = value as Row;",
      "const entity = value as Row;\n  if (typeof entity?.duration_ms === 'string') entity.duration_ms = Number(entity.duration_ms);",
    ),
  );

/** Everything that the environment holds: object versions and the depths of its queues. */
async function environment() {
  const versions = await Promise.all(
    [engine.bronze, engine.staging].map(async (Bucket) => {
      const { Versions = [], DeleteMarkers = [] } = await engine.clients.s3.send(
        new ListObjectVersionsCommand({ Bucket }),
      );
      return [...Versions, ...DeleteMarkers].map(({ Key, VersionId, LastModified }) => [
        Key,
        VersionId,
        LastModified,
      ]);
    }),
  );
  const depths = await Promise.all(
    [engine.queueUrl, engine.dlqUrl].map((url) => queueDepth(engine.clients.sqs, url)),
  );
  return { versions, depths };
}

describe("a local trial", () => {
  it("fails each letter for the reason that the function as built now gives", async () => {
    expect(await outcomes()).toEqual({
      text: { passed: false, reason: expect.stringContaining("SCHEMA_MISMATCH at duration_ms") as string },
      torn: { passed: false, reason: expect.stringContaining("TRUNCATED_JSON") as string },
    });
  });

  it("passes what a fixed transform can read, and writes nothing to the environment", async () => {
    const before = await environment();
    const reads: ReadRequest[] = [];
    const root = await fixed();
    expect(await outcomes({ root, onRead: (read) => reads.push(read) })).toEqual({
      text: { passed: true, reason: null },
      torn: { passed: false, reason: expect.stringContaining("TRUNCATED_JSON") as string },
    });
    expect(await environment()).toEqual(before);
    expect(reads.length).toBeGreaterThan(0);
    expect(new Set(reads.map(({ method }) => method))).toEqual(new Set(["GET", "HEAD"]));
  });

  it("keeps no connection to the environment busy, however many letters it tries", async () => {
    const s3 = new S3Client({
      ...clientSettings(engine.deployment.endpoint ?? ""),
      requestHandler: { httpAgent: { maxSockets: 2 } },
    });
    const text = letters.find(({ source }) => source.key?.includes("text"));
    const many = Array.from({ length: 6 }, () => text ?? Promise.reject(new Error("there is no letter")));
    const tried = await outcomes(
      { root: await fixed(), clients: { ...clients, s3: async () => s3 } },
      await Promise.all(many),
    );
    expect(tried).toEqual({ text: { passed: true, reason: null } });
  });

  it("fails letters for a function that breaks, by an exception or with its process", async () => {
    const throwing = await packageWith(`${TO_PARQUET}/handler.ts`, (text) =>
      text.replace(
        "const remainingMs =",
        'if (event) throw new TypeError("not today");\n  const remainingMs =',
      ),
    );
    const [letter] = letters;
    if (!letter) throw new Error("there is no letter");
    const [first] = Object.values(await outcomes({ root: throwing }, [letter]));
    expect(first).toEqual({ passed: false, reason: "TypeError: not today" });
    const ending = await packageWith(`${TO_PARQUET}/handler.ts`, (text) =>
      text.replace("const remainingMs =", "if (event) process.exit(3);\n  const remainingMs ="),
    );
    const [second] = Object.values(await outcomes({ root: ending }, [letter]));
    expect(second).toMatchObject({
      passed: false,
      reason: expect.stringContaining("exit status 3") as string,
    });
  });

  it("names the line that doesn't compile", async () => {
    const root = await packageWith(`${TO_PARQUET}/transform.ts`, (text) => `${text}\nconst = 1;\n`);
    await expect(outcomes({ root })).rejects.toMatchObject({
      code: "BUILD_FAILED",
      message: expect.stringContaining("transform.ts:") as string,
    });
  });

  it("needs no build where there is no letter, and a pipeline where there is one", async () => {
    expect(await outcomes({ root: "/nowhere" }, [])).toEqual({});
    const { endpoint, region } = engine.deployment;
    const place = { env: "local", endpoint, region, deployment: null };
    await expect(outcomes({ place })).rejects.toThrow("--try-local needs a deployed pipeline");
  });
});

/** A handler that tries to change everything it can reach, and throws where it doesn't see what it wrote. */
const HOSTILE = `
import { CopyObjectCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, PurgeQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
const s3 = new S3Client({ forcePathStyle: true });
const sqs = new SQSClient({});
const Bucket = process.env.BUCKET_BRONZE;
const refused = (work) => work.then(() => { throw new Error("not refused"); }, (error) => error.name);
const check = (is, wanted, what) => {
  if (is !== wanted) throw new Error(what + ": " + is + ", not " + wanted);
};
export async function handler(event) {
  const Key = "raw/tracks/text.json";
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  check((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "raw/tracks/t" }))).KeyCount, 2, "list");
  check(await refused(s3.send(new PutObjectCommand({ Bucket, Key, Body: "x", IfNoneMatch: "*" }))),
    "PreconditionFailed", "If-None-Match");
  check(await refused(s3.send(new PutObjectCommand({ Bucket, Key, Body: "x", IfMatch: '"other"' }))),
    "PreconditionFailed", "another ETag");
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: "mine", IfMatch: head.ETag }));
  check(await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body.transformToString(), "mine", "own write");
  const old = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId: head.VersionId }));
  check((await old.Body.transformToString()).includes("205000"), true, "the version before");
  check(await refused(s3.send(new ListObjectsV2Command({ Bucket, Prefix: "raw/" }))), "NotImplemented", "mixed list");
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  check(await refused(s3.send(new GetObjectCommand({ Bucket, Key }))), "NoSuchKey", "own deletion");
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "raw/tracks/torn.json" }] } }));
  check(await refused(s3.send(new GetObjectCommand({ Bucket, Key: "raw/tracks/torn.json" }))), "NoSuchKey", "many");
  check(await refused(s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: Bucket + "/raw/tracks/x" }))),
    "NotImplemented", "copy");
  check(await refused(s3.send(new GetObjectCommand({ Bucket, Key: "absent" }))), "NoSuchKey", "absent");
  await sqs.send(new PurgeQueueCommand({ QueueUrl: process.env.DLQ_LANDED_URL }));
  const secrets = Object.entries(process.env).filter(([name]) => /SECRET|TOKEN|ACCESS_KEY/.test(name));
  check(JSON.stringify(secrets.map(([, value]) => value)), '["local","local"]', "credentials");
  return { batchItemFailures: [] };
}
`;

it("a handler that writes and deletes sees its own changes, and the environment none of them", async () => {
  const before = await environment();
  const root = await packageWith(`${TO_PARQUET}/handler.ts`, () => HOSTILE);
  const [letter] = letters;
  if (!letter) throw new Error("there is no letter");
  const [outcome] = Object.values(await outcomes({ root }, [letter]));
  expect(outcome).toEqual({ passed: true, reason: null });
  expect(await environment()).toEqual(before);
});
