import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import lockfile from "proper-lockfile";
import { EdpError, EXIT } from "../errors.ts";
import { writeFaultReason } from "../file-fault.ts";
import { PACKAGE_ROOT } from "../package-root.ts";
import { findEngine } from "./control.ts";
import { URL_VARIABLE } from "./postgres/given-server.ts";
import { isAlive } from "./process-alive.ts";
import { type EngineState, localPaths, readState, removeState } from "./state.ts";

/** Port the engine takes when it is free and nothing else was asked for. */
export const DEFAULT_PORT = 4510;
/** Milliseconds a fresh engine may take until it answers. */
const START_TIMEOUT_MS = 15_000;
/** Milliseconds a stopping engine may take before it is killed. */
const STOP_TIMEOUT_MS = 10_000;
/** Milliseconds that an engine whose port is closed may still need to end. */
const PREDECESSOR_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/**
 * Holds the project's local environment while `work` runs, so that two deploys at once give one engine.
 * A holder that died is noticed after ten seconds.
 */
export async function withLocalLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const { root } = localPaths(directory);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(root, error);
  }
  const release = await lockfile
    .lock(root, {
      stale: 10_000,
      update: 2_000,
      retries: { retries: 300, factor: 1, minTimeout: 100, maxTimeout: 100 },
    })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ELOCKED") throw unwritable(root, error);
      throw new EdpError(
        "LOCKED",
        EXIT.notDeployed,
        `Another edp is changing the local environment in ${root}.`,
        {
          hint: "Wait for it to finish, then try again.",
        },
      );
    });
  try {
    return await work();
  } finally {
    await release();
  }
}

/**
 * The running engine of this directory, started if there is none. `port` undefined: the port it had before,
 * else 4510, else any free one. Call within {@link withLocalLock}.
 * @throws EdpError PORT_IN_USE for a port that was asked for, ENGINE_FAILED otherwise.
 */
export async function ensureEngine(
  directory: string,
  port: number | undefined,
): Promise<{ state: EngineState; started: boolean }> {
  const running = await findEngine(directory);
  if (running) {
    if (port !== undefined && port !== running.port) {
      throw new EdpError(
        "ENGINE_RUNNING",
        EXIT.usage,
        `The local engine already runs on port ${running.port}.`,
        {
          hint: "Stop it first (npx edp destroy), or leave --port away.",
        },
      );
    }
    return { state: running, started: false };
  }
  await predecessorGone(directory);
  const before = await readState(directory);
  const candidates = port === undefined ? [before?.port ?? DEFAULT_PORT, 0] : [port];
  for (const candidate of candidates) {
    const outcome = await start(directory, candidate);
    if (outcome === "port-in-use") continue;
    const state = await findEngine(directory);
    if (state) return { state, started: true };
  }
  if (port === undefined) throw failed(directory, "it did not answer after its start");
  throw new EdpError(
    "PORT_IN_USE",
    EXIT.notDeployed,
    `Port ${port} on 127.0.0.1 is taken by another program.`,
    {
      hint: "Give another with --port, or leave it away to take any free one.",
    },
  );
}

async function start(directory: string, port: number): Promise<"ready" | "port-in-use"> {
  const paths = localPaths(directory);
  const log = openSync(paths.log, "a", 0o600);
  const child = fork(path.join(PACKAGE_ROOT, "dist", "engine.js"), [directory, String(port)], {
    cwd: directory,
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
    execArgv: ["--enable-source-maps", "--max-semi-space-size=4"],
    // The engine has an environment of its own making: no AWS variables of the shell reach it.
    env: { ...ownVariables(), TZ: "UTC" },
  });
  closeSync(log);
  try {
    const message = await firstMessage(child, directory);
    if (message.type === "ready") return "ready";
    if (message.code === "EADDRINUSE") return "port-in-use";
    throw failed(directory, message.message ?? "it ended at its start");
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function ownVariables(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, [URL_VARIABLE]: database } = process.env;
  return { PATH, HOME, TMPDIR, ...(database === undefined ? {} : { [URL_VARIABLE]: database }) };
}

interface StartMessage {
  type: "ready" | "failed";
  code?: string;
  message?: string;
}

function firstMessage(child: ChildProcess, directory: string): Promise<StartMessage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(failed(directory, `it was not ready after ${START_TIMEOUT_MS / 1000} s`));
    }, START_TIMEOUT_MS);
    child.once("message", (message) => {
      clearTimeout(timer);
      resolve(message as StartMessage);
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(failed(directory, `it ended at once (${signal ?? `exit ${code}`})`));
    });
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(failed(directory, error.message));
    });
  });
}

/**
 * Waits until the engine has stopped, which its state file's end says too: where nobody collects ended processes
 * (a container without an init), they stay in the process table. Kills it when it takes too long.
 */
export async function waitForEnd(state: EngineState, directory: string): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isAlive(state.pid) && (await readState(directory))?.pid === state.pid) {
    if (Date.now() > deadline) {
      process.kill(state.pid, "SIGKILL");
      await removeState(directory);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Waits for a recorded engine whose port is closed already while it still writes its last: two engines on one
 * data directory would write over each other. A process that outlasts the wait has only inherited its number.
 */
export async function predecessorGone(directory: string): Promise<void> {
  const state = await readState(directory);
  const deadline = Date.now() + PREDECESSOR_TIMEOUT_MS;
  while (state && Date.now() < deadline && isAlive(state.pid)) {
    if ((await readState(directory))?.pid !== state.pid) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function failed(directory: string, why: string): EdpError {
  return new EdpError("ENGINE_FAILED", EXIT.notDeployed, `The local engine could not be started: ${why}.`, {
    hint: `Its log says more: ${localPaths(directory).log}`,
  });
}

function unwritable(root: string, cause: unknown): EdpError {
  return new EdpError(
    "NOT_WRITABLE",
    EXIT.invalidInput,
    `${root} cannot be written: ${writeFaultReason(cause)}`,
    {
      cause,
      hint: "edp keeps its state under .edp/ in the project directory: run it in a directory you may write.",
    },
  );
}
