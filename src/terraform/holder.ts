import { readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import lockfile from "proper-lockfile";
import { EdpError, EXIT } from "../errors.ts";
import type { EnvironmentPaths } from "./paths.ts";

/** Which edp of this machine changes an environment; the plan, the zips and the working copy are shared. */
export interface Holder {
  pid: number;
  /** Process id of Terraform while it runs: it goes on when edp is killed. */
  terraformPid: number | null;
  host: string;
  user: string;
  command: string;
  since: string;
}

export interface Hold {
  /** Records the Terraform that runs now. */
  terraform(pid: number): Promise<void>;
}

/**
 * Holds an environment while `work` runs. A holder that died is replaced, unless its Terraform still runs.
 * @throws EdpError ENVIRONMENT_BUSY (exit 5) naming the other holder.
 */
export async function holdEnvironment<T>(
  paths: EnvironmentPaths,
  command: string,
  now: number,
  work: (hold: Hold) => Promise<T>,
): Promise<T> {
  await mkdir(paths.root, { recursive: true, mode: 0o700 });
  const holder: Holder = {
    pid: process.pid,
    terraformPid: null,
    host: hostname(),
    user: userInfo().username,
    command,
    since: new Date(now).toISOString(),
  };
  await take(paths, holder);
  try {
    return await work({
      terraform: async (pid) => {
        holder.terraformPid = pid;
        await write(paths, holder);
      },
    });
  } finally {
    await rm(paths.holder, { force: true });
  }
}

async function take(paths: EnvironmentPaths, holder: Holder): Promise<void> {
  // Only the look and the write are guarded, so that a crash leaves nothing that has to time out.
  const release = await lockfile.lock(paths.root, {
    stale: 5_000,
    retries: { retries: 80, factor: 1, minTimeout: 100 },
  });
  try {
    const other = await readHolder(paths);
    if (other && isRunning(other)) {
      const running = isAlive(other.pid)
        ? `process ${other.pid}`
        : `its Terraform, process ${other.terraformPid}`;
      throw new EdpError(
        "ENVIRONMENT_BUSY",
        EXIT.terraform,
        `\`edp ${other.command}\` of ${other.user}@${other.host} is changing this environment since ${other.since} (${running}).`,
        { hint: "Wait until it has finished. `npx edp unlock` shows more." },
      );
    }
    await write(paths, holder);
  } finally {
    await release();
  }
}

/** The recorded holder, alive or not. */
export async function readHolder(paths: EnvironmentPaths): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(paths.holder, "utf8")) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether edp or its Terraform still runs; of another machine (a shared directory) that can't be known: yes. */
export function isRunning(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  return isAlive(holder.pid) || (holder.terraformPid !== null && isAlive(holder.terraformPid));
}

async function write(paths: EnvironmentPaths, holder: Holder): Promise<void> {
  const fresh = `${paths.holder}.${process.pid}`;
  await writeFile(fresh, JSON.stringify(holder), { mode: 0o600 });
  await rename(fresh, paths.holder);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !isZombie(pid);
}

/** Whether a process has ended and nobody has taken note: where edp was killed in a container without an init. */
function isZombie(pid: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    // proc(5): the state follows the command, which may hold spaces and parentheses.
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    // Gone meanwhile; or /proc is hidden, and then it counts as running.
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
