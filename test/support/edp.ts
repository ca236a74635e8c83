import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa, type Options } from "execa";
import { PACKAGE_ROOT } from "../../src/package-root.ts";

const BIN = path.join(PACKAGE_ROOT, "bin", "edp.js");

/** A project directory of its own and the built `edp` run in it. */
export interface Project {
  directory: string;
  /** Runs `edp`; never rejects, look at `exitCode`. */
  edp(args: string[], options?: Options): ReturnType<typeof run>;
  /** Runs `edp ... --json` and parses what it printed. */
  json<T>(
    args: string[],
    options?: Options,
  ): Promise<{ exitCode: number | undefined; value: T; stderr: string }>;
  /** Process id of the directory's engine, as recorded. */
  enginePid(): Promise<number>;
  /** Stops the engine and removes the directory. */
  remove(): Promise<void>;
}

export async function createProject(): Promise<Project> {
  const directory = await mkdtemp(path.join(tmpdir(), "edp-e2e-"));
  const edp = (args: string[], options: Options = {}) => run(directory, args, options);
  return {
    directory,
    edp,
    json: async <T>(args: string[], options: Options = {}) => {
      const { exitCode, stdout, stderr } = await edp([...args, "--json"], options);
      return { exitCode, value: JSON.parse(String(stdout)) as T, stderr: String(stderr) };
    },
    enginePid: async () => {
      const text = await readFile(path.join(directory, ".edp", "local", "engine.json"), "utf8");
      return (JSON.parse(text) as { pid: number }).pid;
    },
    remove: async () => {
      await edp(["destroy", "--yes"]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Starts `edp` in a directory, with an environment that has none of the shell's edp and AWS settings. */
export function run(directory: string, args: string[], options: Options = {}) {
  return execa(process.execPath, [BIN, ...args], {
    reject: false,
    cwd: directory,
    extendEnv: false,
    stdin: "ignore",
    ...options,
    env: { PATH: process.env.PATH, HOME: directory, ...options.env },
  });
}
