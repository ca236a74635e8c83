import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { LOCAL_ENV } from "../context.ts";

/** Where the running engine can be found: `.edp/local/engine.json`, 0600 because of the token. */
export interface EngineState {
  pid: number;
  port: number;
  /** Version of the edp that started it. */
  version: string;
  startedAt: string;
  /** Must be sent to the engine's control paths, so that no web page or other user can stop it. */
  token: string;
}

/** Paths of the local environment of a project directory. */
export function localPaths(directory: string) {
  const root = path.join(directory, ".edp", LOCAL_ENV);
  return {
    root,
    state: path.join(root, "engine.json"),
    log: path.join(root, "engine.log"),
    data: path.join(root, "data"),
    build: path.join(directory, ".edp", "build"),
  };
}

/** The recorded engine, or undefined where none was started; a file that is not ours counts as none. */
export async function readState(directory: string): Promise<EngineState | undefined> {
  try {
    const state = JSON.parse(await readFile(localPaths(directory).state, "utf8")) as EngineState;
    return typeof state.port === "number" && typeof state.token === "string" ? state : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function writeState(directory: string, state: EngineState): Promise<void> {
  const paths = localPaths(directory);
  await mkdir(paths.root, { recursive: true, mode: 0o700 });
  await writeFile(`${paths.state}.new`, JSON.stringify(state), { mode: 0o600 });
  await rename(`${paths.state}.new`, paths.state);
}

export async function removeState(directory: string): Promise<void> {
  await rm(localPaths(directory).state, { force: true });
}
