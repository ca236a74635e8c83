import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { Pool } from "undici";
import { ROOT } from "./bundles.mjs";

const EVENTS = 100;
const SECONDS = 4;

/** Posted batches through the local engine: API Gateway, the function in processes of its own, Kinesis. */
export async function api(directory) {
  const project = path.join(directory, "api");
  mkdirSync(project);
  const edp = (...args) =>
    JSON.parse(
      execFileSync(process.execPath, [path.join(ROOT, "bin/edp.js"), ...args, "--json"], {
        cwd: project,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
  edp("deploy", "fakestore");
  try {
    const { url, apiKey } = edp("status", "--show-secrets").pipelines.fakestore.apis.store;
    const figures = [];
    for (const connections of [1, 8]) figures.push(...(await post(new URL(url), apiKey, connections)));
    return figures;
  } finally {
    edp("destroy", "--yes");
  }
}

async function post(url, key, connections) {
  const pool = new Pool(url.origin, { connections });
  const latencies = [];
  let sent = 0;
  const one = async () => {
    const body = JSON.stringify(Array.from({ length: EVENTS }, () => event(++sent)));
    const started = performance.now();
    const answer = await pool.request({
      path: `${url.pathname}/events`,
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key },
      body,
    });
    await answer.body.dump();
    if (answer.statusCode !== 202) throw new Error(`the API answered ${answer.statusCode}`);
    latencies.push(performance.now() - started);
  };
  for (let time = 0; time < connections; time++) await one();
  latencies.length = 0;
  const started = performance.now();
  const lane = async () => {
    while (performance.now() - started < SECONDS * 1000) await one();
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const perSecond = latencies.length / ((performance.now() - started) / 1000);
  await pool.close();
  latencies.sort((a, b) => a - b);
  const at = (part) => latencies[Math.floor(latencies.length * part)];
  const name = `api: ${EVENTS} events a request, ${connections} at a time`;
  return [
    { name, value: perSecond, unit: "req/s" },
    { name: `${name}: p50`, value: at(0.5), unit: "ms" },
    { name: `${name}: p99`, value: at(0.99), unit: "ms" },
  ];
}

function event(number) {
  return {
    type: "product_view",
    eventId: `bench-${process.pid}-${number}`,
    data: {
      sessionId: `42-${number % 50}`,
      userId: null,
      productId: (number % 20) + 1,
      at: new Date().toISOString(),
    },
  };
}
