import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import path from "node:path";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import pMap from "p-map";
import { ROOT } from "./bundles.mjs";
import { far } from "./far.mjs";
import { startMoto } from "./moto.mjs";
import { median } from "./processes.mjs";

const EDP = path.join(ROOT, "bin/edp.js");
const PLAIN = path.join(ROOT, "bench/plain-replay.mjs");
const CAUSES = ["SCHEMA_MISMATCH", "OBJECT_NOT_FOUND", "TRUNCATED_JSON"];
const REPEATS = 3;
/** moto works on one request at a time, and longer the more a queue holds. */
const LETTERS = { engine: 10_000, moto: 300 };
/** Milliseconds each way, as to AWS from afar: next door, moto's own work is all that is measured. */
const AWAY_MS = 25;
/** Seconds of `edp replay-dlq`, against a plain SDK loop in the same run: at least twice as many messages a second. */
const LIMIT = 0.5;

/** `edp replay-dlq` on dead letters with attributes and causes, against a plain SDK loop; both as whole processes. */
export async function replay(directory) {
  const project = path.join(directory, "replay");
  mkdirSync(project, { recursive: true });
  const figures = [];
  const { endpoint } = JSON.parse(edp(project, "deploy", "--json"));
  try {
    figures.push(...(await measure("local engine", endpoint, project, LETTERS.engine)));
  } finally {
    edp(project, "destroy", "--yes");
  }
  const moto = await startMoto("replay");
  if (!moto) return figures;
  const away = await far(moto.endpoint, AWAY_MS);
  try {
    figures.push(...(await measure(`moto ${2 * AWAY_MS} ms away`, away.endpoint, project, LETTERS.moto)));
  } finally {
    away.close();
    moto.child.kill("SIGKILL");
  }
  return figures;
}

async function measure(name, endpoint, project, letters) {
  const sqs = new SQSClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
  });
  const ours = [];
  const plain = [];
  try {
    for (let run = 0; run < REPEATS; run++) {
      const theirs = await queues(sqs, `plain-${run}`, letters);
      plain.push(await timed(project, [PLAIN, theirs.dlq, theirs.queue]));
      await check(sqs, theirs, letters);
      const own = await queues(sqs, `edp-${run}`, letters);
      ours.push(await timed(project, [EDP, "replay-dlq", "--queue", own.dlq, "--yes", "--no-verify"]));
      await check(sqs, own, letters);
    }
  } finally {
    sqs.destroy();
  }
  const rate = (times) => letters / median(times);
  return [
    { name: `replay, ${name}: ${letters} letters, edp`, value: rate(ours), unit: "letters/s" },
    { name: `replay, ${name}: plain SDK loop`, value: rate(plain), unit: "letters/s" },
    {
      name: `replay, ${name}: seconds / plain SDK loop`,
      value: median(ours) / median(plain),
      unit: "x",
      limit: LIMIT,
    },
  ];
}

/** A dead-letter queue with letters of three causes, and the queue that it serves. */
async function queues(sqs, name, letters) {
  const create = async (QueueName, Attributes) =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl;
  const dlq = await create(`${name}-dlq`);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: dlq, AttributeNames: ["QueueArn"] }),
  );
  const queue = await create(name, {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: 5 }),
  });
  const starts = Array.from({ length: letters / 10 }, (_, index) => index * 10);
  await pMap(
    starts,
    (start) =>
      sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: dlq,
          Entries: Array.from({ length: 10 }, (_, offset) => letter(start + offset, offset)),
        }),
      ),
    { concurrency: 8 },
  );
  return { dlq, queue };
}

function letter(index, offset) {
  const cause = { errorCode: CAUSES[index % 3], path: "tracks[3].duration_ms", message: "expected integer" };
  return {
    Id: String(offset),
    MessageBody: JSON.stringify({ id: index, text: `ünïcode ${index}`, filler: "x".repeat(300) }),
    MessageAttributes: {
      number: { DataType: "Number", StringValue: String(index) },
      bytes: { DataType: "Binary", BinaryValue: Uint8Array.from([0, 255, index & 255]) },
      "edp-cause": { DataType: "String", StringValue: JSON.stringify(cause) },
    },
  };
}

/** Every letter has arrived, and none is left. */
async function check(sqs, { dlq, queue }, letters) {
  const depth = async (QueueUrl) => {
    const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: names }));
    return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
  };
  const [left, arrived] = [await depth(dlq), await depth(queue)];
  if (left !== 0 || arrived !== letters) {
    throw new Error(`${queue}: ${arrived} of ${letters} arrived, ${left} left`);
  }
}

/** Seconds of a Node process, start included. */
async function timed(project, args) {
  const started = performance.now();
  const child = spawn(process.execPath, args, { cwd: project, env: environment(project), stdio: "ignore" });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}`);
  return (performance.now() - started) / 1000;
}

function edp(project, ...args) {
  return execFileSync(process.execPath, [EDP, ...args], {
    cwd: project,
    env: environment(project),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

function environment(project) {
  return {
    PATH: process.env.PATH,
    HOME: project,
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    AWS_REGION: "us-east-1",
  };
}
