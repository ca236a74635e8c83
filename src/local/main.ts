import process from "node:process";
import { systemClock } from "./clock.ts";
import { EngineLog } from "./engine-log.ts";
import { hostEngine } from "./host.ts";
import { localPaths } from "./state.ts";

/**
 * The engine as a background process: `node dist/engine.js <project directory> <port>`. Its parent waits for
 * the message `ready` or `failed` over IPC and then lets go; from then on it lives until it is stopped.
 */
async function main(): Promise<void> {
  const [directory, port] = process.argv.slice(2);
  if (directory === undefined || port === undefined) throw new Error("usage: engine.js DIRECTORY PORT");
  const engineLog = new EngineLog({ file: localPaths(directory).log, clock: systemClock });
  const log = (line: string) => engineLog.line(line);
  const endWith = (what: string, reason: unknown) => {
    log(`${what}: the engine ends: ${oneLine(reason)}`);
    process.exit(1);
  };
  process.on("uncaughtException", (error) => endWith("uncaught exception", error));
  process.on("unhandledRejection", (reason) => endWith("unhandled rejection", reason));
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await engine.close();
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop()).on("SIGINT", () => void stop());
  process.on("SIGHUP", () => log("SIGHUP ignored: the engine outlives the terminal that started it"));
  const engine = await hostEngine({ directory, port: Number(port), log, onStop: () => void stop() });
  log(`listening on ${engine.endpoint}`);
  process.send?.({ type: "ready", port: engine.port });
  process.disconnect?.();
}

function oneLine(reason: unknown): string {
  const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  return text.replace(/\s*\n\s*/g, " | ");
}

// Warnings of Node go there: on a full disk they are lost, and the engine is not.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

main().catch((error: NodeJS.ErrnoException) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  const failure = { type: "failed", code: error.code ?? "UNEXPECTED", message: error.message };
  // Whatever still runs must not keep the port and the data: this process ends, as soon as its parent knows.
  const end = () => process.exit(1);
  if (process.connected) process.send?.(failure, end);
  else end();
});
