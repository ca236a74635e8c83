import { readFileSync } from "node:fs";
import process from "node:process";

/** Whether a process runs. One that has ended but was not collected by its parent (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !isZombie(pid);
}

/** Linux tells by /proc (man 5 proc_pid_stat): the state follows the name, which may hold parentheses itself. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    // No /proc, as on macOS, whose launchd collects every process; or it has ended this moment.
    return false;
  }
}
