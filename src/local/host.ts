import { randomBytes, timingSafeEqual } from "node:crypto";
import path from "node:path";
import { PACKAGE_ROOT } from "../package-root.ts";
import { VERSION } from "../version.ts";
import { systemClock } from "./clock.ts";
import { type Health, TOKEN_HEADER } from "./control.ts";
import { type Engine, json, startEngine } from "./engine.ts";
import { AwsError } from "./service.ts";
import { localPaths, removeState, writeState } from "./state.ts";

export interface HostOptions {
  /** The user's project directory. */
  directory: string;
  port: number;
  log(line: string): void;
  onFunctionLog?: (group: string, message: string) => void;
  /** Called when somebody asked the engine to stop. */
  onStop(): void;
}

/** Runs the engine for a project directory in this process and records where it can be found. */
export async function hostEngine(options: HostOptions): Promise<Engine> {
  const { directory, log } = options;
  const token = randomBytes(24).toString("base64url");
  const health: Health = { status: "ok", pid: process.pid, version: VERSION, directory };
  const engine = await startEngine({
    dataDirectory: localPaths(directory).data,
    port: options.port,
    clock: systemClock,
    workerPath: path.join(PACKAGE_ROOT, "dist", "lambda-worker.js"),
    log,
    onFunctionLog: options.onFunctionLog,
    authorize: (request) => {
      const given = Buffer.from(String(request.headers[TOKEN_HEADER] ?? ""));
      const expected = Buffer.from(token);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        throw new AwsError("AccessDenied", "the engine's control paths need its token", 403);
      }
    },
    control: async (action) => {
      if (action === "health") return json(health);
      if (action !== "stop") return undefined;
      setImmediate(options.onStop);
      return json({ stopping: true });
    },
  });
  const state = {
    pid: process.pid,
    port: engine.port,
    version: VERSION,
    startedAt: new Date().toISOString(),
    token,
  };
  await writeState(directory, state).catch(async (error: Error) => {
    await engine.close();
    throw error;
  });
  return {
    ...engine,
    close: async () => {
      await engine.close();
      await removeState(directory);
    },
  };
}
