// The function `process` on generated days, against the local engine in a process of its own. The reference is
// csv-parse alone, reading the same items file from disk.
import { spawn } from "node:child_process";
import { copyFileSync, createReadStream, mkdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Upload } from "@aws-sdk/lib-storage";
import { bundle, ROOT } from "./bundles.mjs";
import { measure } from "./processes.mjs";

const SIZES_MB = [10, 100, 1_000];
/** Of a row of the generated items. */
const ROW_BYTES = 35;
const ROWS_PER_CUSTOMER = 300;
const MOST_MEMORY_MB = 400;
const MOST_CPU = 2;
/** CPU of a megabyte, largest file against middle one: linear is 1. */
const MOST_GROWTH = 1.5;
const DAY = "20220131";
const KINDS = ["customers", "orders", "items"];
const SCRIPT = fileURLToPath(new URL("partner-run.mjs", import.meta.url));
const source = (file) => JSON.stringify(path.join(ROOT, "src", file));

const ENGINE = `
  import { startEngine } from ${source("local/engine.ts")};
  import { systemClock } from ${source("local/clock.ts")};
  const engine = await startEngine({
    dataDirectory: process.argv[2], port: 0, clock: systemClock, workerPath: "", log: () => {},
  });
  process.send(engine.endpoint);
`;
const FUNCTION = `export { handler } from ${source("lambda/partner/process/handler.ts")};`;
const SAMPLE = `export { writeSample } from ${source("ingest/partner/sample.ts")};`;

export async function partner(directory) {
  // The engine finds its package by the file.
  copyFileSync(path.join(ROOT, "package.json"), path.join(directory, "package.json"));
  const handler = await bundle(directory, "partner-process", FUNCTION);
  const { writeSample } = await import(await bundle(directory, "partner-sample", SAMPLE));
  const engine = spawn(
    process.execPath,
    [await bundle(directory, "partner-engine", ENGINE), path.join(directory, "data")],
    { stdio: ["ignore", "ignore", "inherit", "ipc"] },
  );
  try {
    const endpoint = await new Promise((resolve) => engine.once("message", resolve));
    const s3 = await makeThings(endpoint);
    const figures = [];
    const costs = [];
    for (const mb of SIZES_MB) {
      const folder = path.join(directory, `day-${mb}`);
      mkdirSync(folder);
      const rows = Math.round((mb * 1e6) / ROW_BYTES);
      const customers = Math.ceil(rows / ROWS_PER_CUSTOMER);
      const files = await writeSample(folder, DAY, { customers, rows, faults: 0.0001, seed: 1 });
      await upload(s3, files, mb);
      const { cpuSeconds, seconds, peakMb } = measure(SCRIPT, "run", handler, endpoint, `${mb}/`);
      const alone = measure(SCRIPT, "csv-parse", files.items);
      const inputMb = KINDS.reduce((sum, kind) => sum + statSync(files[kind]).size, 0) / 1e6;
      costs.push(cpuSeconds / inputMb);
      figures.push(
        {
          name: `${mb} MB of items: the whole run, ${inputMb.toFixed(0)} MB in all`,
          value: seconds,
          unit: "s",
        },
        { name: `${mb} MB of items: throughput`, value: inputMb / seconds, unit: "MB/s" },
        { name: `${mb} MB of items: peak memory`, value: peakMb, unit: "MB", limit: MOST_MEMORY_MB },
        {
          name: `${mb} MB of items: CPU, csv-parse alone (${alone.cpuSeconds.toFixed(1)} s) = 1`,
          value: cpuSeconds / alone.cpuSeconds,
          unit: "",
          limit: mb >= 100 ? MOST_CPU : undefined,
        },
      );
      rmSync(folder, { recursive: true });
    }
    const [, middle, large] = costs;
    figures.push({
      name: "CPU of a MB at 1 GB, at 100 MB = 1",
      value: large / middle,
      unit: "",
      limit: MOST_GROWTH,
    });
    return figures;
  } finally {
    engine.kill();
  }
}

const settings = (endpoint) => ({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
  forcePathStyle: true,
});

async function makeThings(endpoint) {
  const [s3, sqs, dynamodb] = [S3Client, SQSClient, DynamoDBClient].map(
    (Client) => new Client(settings(endpoint)),
  );
  for (const Bucket of ["uploads", "reports"]) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  }
  for (const QueueName of ["messages", "arrived-dlq"]) await sqs.send(new CreateQueueCommand({ QueueName }));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: "customers",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
  return s3;
}

async function upload(s3, files, mb) {
  for (const kind of KINDS) {
    const params = {
      Bucket: "uploads",
      Key: `${mb}/${kind}_${DAY}.csv`,
      Body: createReadStream(files[kind]),
    };
    await new Upload({ client: s3, params }).done();
  }
}
