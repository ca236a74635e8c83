import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isAlive } from "../../../../src/local/process-alive.ts";
import { buildWorker } from "../../../support/lambda.ts";
import { temporaryDirectory } from "../../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let workerPath: string;

beforeAll(async () => {
  directory = await temporaryDirectory();
  workerPath = await buildWorker(directory.path);
});
afterAll(() => directory.remove());

/** Stands for the engine: starts one environment, lets it run its handler, and tells its process id. */
const ENGINE = `
  const { spawn } = require("node:child_process");
  const [worker, root] = process.argv.slice(1);
  const child = spawn(process.execPath, [worker], {
    env: { PATH: process.env.PATH, LAMBDA_TASK_ROOT: root, _HANDLER: "index.handler" },
    stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"], serialization: "advanced", detached: true,
  });
  child.stdio[4].on("data", (frame) => {
    if (frame[0] === 4) child.send({ requestId: "r", functionArn: "a", payload: "{}", remainingMs: 60000, traceId: "" });
    if (frame.includes("running")) process.stdout.write(String(child.pid));
  });
`;

it.each([
  ["waits", "await new Promise((resolve) => setTimeout(resolve, 60000));"],
  ["never yields", "for (;;);"],
])("an environment whose handler %s ends after a kill -9 of the engine", async (name, body) => {
  const root = path.join(directory.path, name);
  await mkdir(root);
  const source = `export const handler = async () => { process.stdout.write("running\\n"); ${body} };`;
  await writeFile(path.join(root, "index.mjs"), source);
  const engine = spawn(process.execPath, ["-e", ENGINE, workerPath, root], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = (await once(engine.stdout, "data")) as [Buffer];
  const pid = Number(printed.toString());
  expect(isAlive(pid)).toBe(true);
  // The watch of the engine's life starts beside the first invocation.
  await new Promise((resolve) => setTimeout(resolve, 200));
  engine.kill("SIGKILL");
  await once(engine, "exit");
  await expect.poll(() => isAlive(pid), { timeout: 5_000, interval: 50 }).toBe(false);
});
