import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { ROOT } from "./bundles.mjs";
import { startMoto } from "./moto.mjs";
import { median } from "./processes.mjs";

const EDP = path.join(ROOT, "bin/edp.js");
const GROUP = "/bench/tail";
const EVENTS = 50_000;
const STREAMS = 20;
const BATCH = 500;
const REPEATS = 5;
/** Time to the first line, against `aws logs tail` in the same run. */
const LIMIT = 0.6;

/** `edp tail` on a group of 50,000 events in 20 streams, a tenth of them late, against `aws logs tail`. */
export async function tail(directory) {
  const project = path.join(directory, "tail");
  mkdirSync(project, { recursive: true });
  const aws = awsWithTail();
  if (!aws) process.stderr.write("tail: no `aws` with `logs tail` (AWS CLI 2) on the PATH: no ratio\n");
  const figures = [];
  const endpoint = startEngine(project);
  try {
    figures.push(...(await measure("local engine", endpoint, project, aws)));
  } finally {
    edp(project, "destroy", "--yes");
  }
  const moto = await startMoto("tail");
  if (!moto) return figures;
  try {
    figures.push(...(await measure("moto", moto.endpoint, project, aws)));
  } finally {
    moto.child.kill("SIGKILL");
  }
  return figures;
}

async function measure(name, endpoint, project, aws) {
  const { from, expected } = await fill(endpoint);
  const since = new Date(from).toISOString();
  const place = ["--region", "us-east-1", "--endpoint-url", endpoint];
  const args = ["tail", "--no-follow", "--log-group", GROUP, "--since", since, ...place];
  const env = {
    PATH: process.env.PATH,
    HOME: project,
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    TZ: "UTC",
  };
  const ours = [];
  const theirs = [];
  for (let run = 0; run < REPEATS; run++) {
    ours.push(await timed(process.execPath, [EDP, ...args], { env, cwd: project }));
    if (!aws) continue;
    theirs.push(
      await timed(aws, ["logs", "tail", GROUP, "--since", since.slice(0, 19), ...place], {
        env,
        cwd: project,
      }),
    );
  }
  check(
    name,
    execFileSync(process.execPath, [EDP, ...args, "--json"], {
      env,
      cwd: project,
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "ignore"],
    }),
    expected,
  );
  const first = median(ours.map((run) => run.firstMs));
  const whole = median(ours.map((run) => run.wholeMs));
  const figures = [
    { name: `tail, ${name}: first of 50,000 lines`, value: first, unit: "ms" },
    { name: `tail, ${name}: all of them`, value: whole, unit: "ms" },
  ];
  if (!aws) return figures;
  return [
    ...figures,
    {
      name: `tail, ${name}: first line / aws logs tail`,
      value: first / median(theirs.map((run) => run.firstMs)),
      unit: "x",
      limit: LIMIT,
    },
    {
      name: `tail, ${name}: all lines / aws logs tail`,
      value: whole / median(theirs.map((run) => run.wholeMs)),
      unit: "x",
    },
  ];
}

/** Every event once, in the order of time. */
function check(name, output, expected) {
  const lines = output
    .toString("utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const seen = new Set(lines.map(({ message }) => message));
  const ordered = lines.every(({ time }, index) => index === 0 || time >= lines[index - 1].time);
  if (lines.length !== expected || seen.size !== expected || !ordered) {
    throw new Error(
      `${name}: ${lines.length} lines, ${seen.size} different, of ${expected}; ordered: ${ordered}`,
    );
  }
}

/** Streams written in turn; each tenth batch is sent after those that follow it in time. */
async function fill(endpoint) {
  const client = new CloudWatchLogsClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
  });
  await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  const stream = (index) => `stream-${index % STREAMS}`;
  for (let index = 0; index < STREAMS; index++) {
    await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: stream(index) }));
  }
  const from = Math.floor((Date.now() - 30 * 60_000) / 1_000) * 1_000;
  const batches = Array.from({ length: EVENTS / BATCH }, (_, index) => index);
  const late = batches.filter((index) => index % 10 === 3);
  for (const index of [...batches.filter((one) => !late.includes(one)), ...late]) {
    const logEvents = Array.from({ length: BATCH }, (_, n) => ({
      timestamp: from + index * 10_000 + n * 20,
      message: JSON.stringify({
        level: "INFO",
        message: `event ${index * BATCH + n}`,
        album: "x".repeat(60),
      }),
    }));
    await client.send(
      new PutLogEventsCommand({ logGroupName: GROUP, logStreamName: stream(index), logEvents }),
    );
  }
  client.destroy();
  return { from, expected: EVENTS };
}

/** Milliseconds to the first bytes on stdout, and to the end. */
function timed(command, args, options) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let firstMs;
    let errors = "";
    child.stdout.on("data", () => {
      firstMs ??= performance.now() - started;
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0 && firstMs !== undefined) resolve({ firstMs, wholeMs: performance.now() - started });
      else reject(new Error(`${command} ${args.join(" ")} ended with ${code}: ${errors}`));
    });
  });
}

function edp(project, ...args) {
  const env = { PATH: process.env.PATH, HOME: project };
  return execFileSync(process.execPath, [EDP, ...args], {
    cwd: project,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

function startEngine(project) {
  return JSON.parse(edp(project, "deploy", "--json")).endpoint;
}

/** The first `aws` on the PATH that has `logs tail`: version 1 has not. */
function awsWithTail() {
  const places = (process.env.PATH ?? "").split(path.delimiter).map((place) => path.join(place, "aws"));
  return places.find((file) =>
    /aws-cli\/[2-9]/.test(spawnSync(file, ["--version"], { encoding: "utf8" }).stdout ?? ""),
  );
}
