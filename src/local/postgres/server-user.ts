import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A user that the server runs as. */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

/** Users without privileges, the first that exists is taken. */
const UNPRIVILEGED = ["postgres", "nobody"];

/**
 * PostgreSQL refuses to run as root: where edp is root, the user that it runs as instead. Undefined where edp is not.
 * @throws Error where there is none
 */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of UNPRIVILEGED) {
    try {
      const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => id(flag, name)));
      if (uid && gid) return { name, uid, gid };
    } catch {
      // There is no such user.
    }
  }
  throw new Error(
    `PostgreSQL does not run as root, and this machine has no user ${UNPRIVILEGED.join(" or ")}`,
  );
}

async function id(flag: string, name: string): Promise<number> {
  const { stdout } = await promisify(execFile)("id", [flag, name]);
  return Number(stdout.trim());
}
