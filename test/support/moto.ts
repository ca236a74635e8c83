import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Seconds that moto may take to answer: it starts in 2, on a busy machine in more. */
const START_SECONDS = 60;

export interface Moto {
  /** `http://127.0.0.1:PORT` */
  endpoint: string;
  stop(): Promise<void>;
}

let available: boolean | undefined;

/**
 * Whether `moto_server` is on the PATH. Where it is not, says so once on stderr; with EDP_REQUIRE_MOTO=1 it
 * is an error instead, so that no run that should compare with moto passes without it.
 */
export function motoAvailable(): boolean {
  available ??= spawnSync("moto_server", ["--help"], { stdio: "ignore" }).status === 0;
  if (!available && process.env.EDP_REQUIRE_MOTO === "1") {
    throw new Error("EDP_REQUIRE_MOTO=1, but moto_server is not on the PATH: pip install 'moto[server]'");
  }
  if (!available) {
    process.stderr.write(
      "moto_server is not on the PATH: tests against it are skipped (pip install 'moto[server]' runs them)\n",
    );
  }
  return available;
}

/** Starts a moto server of its own on a free port and waits until it answers. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString("utf8")).slice(-4_000);
  });
  const stop = () => end(child);
  for (let tries = 0; tries < START_SECONDS * 5; tries++) {
    if (child.exitCode !== null) throw new Error(`moto_server ended with ${child.exitCode}:\n${output}`);
    if (await answers(endpoint)) return { endpoint, stop };
    await wait(200);
  }
  await stop();
  throw new Error(`moto_server did not answer within ${START_SECONDS} s:\n${output}`);
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/moto-api/data.json`)).ok;
  } catch {
    // Not listening yet.
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 2_000);
  await ended;
  clearTimeout(killer);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
