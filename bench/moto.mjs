import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";

/**
 * Starts moto on a free port.
 * @returns its endpoint and its process, or undefined where it is not on the PATH, after a line that says so
 */
export async function startMoto(bench) {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const failed = new Promise((resolve) => child.once("error", () => resolve(true)));
  const endpoint = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 300; tries++) {
    if (await Promise.race([failed, wait(200)])) break;
    const answer = await fetch(`${endpoint}/moto-api/data.json`).catch(() => undefined);
    if (answer?.ok) return { endpoint, child };
  }
  process.stderr.write(
    `${bench}: moto_server is not on the PATH or did not start: measured on the local engine only\n`,
  );
  return undefined;
}
