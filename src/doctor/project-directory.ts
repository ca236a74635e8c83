import { mkdtemp, rm, statfs } from "node:fs/promises";
import path from "node:path";
import { formatBytes } from "../terminal/format.ts";
import type { Check, Finding } from "./check.ts";

/** A local run and its Parquet files need more than this. */
const LITTLE_BYTES = 1_000_000_000;
/** The engine's journals and Terraform's provider (about 700 MB) can't be written below this. */
const TOO_LITTLE_BYTES = 100_000_000;

export const projectDirectory: Check = {
  name: "project-directory",
  aws: false,
  async run({ context: { directory } }) {
    try {
      const probe = await mkdtemp(path.join(directory, ".edp-doctor-"));
      await rm(probe, { recursive: true });
    } catch (error) {
      return {
        status: "fail",
        message: `${directory} cannot be written: ${(error as Error).message}`,
        fix: "edp keeps its state under .edp/ there: run it in a directory that you may write.",
      };
    }
    const { bavail, bsize } = await statfs(directory);
    return judgeSpace(directory, bavail * bsize);
  },
};

/** Judges the bytes that are free to this user. */
export function judgeSpace(directory: string, freeBytes: number): Finding {
  const message = `${directory} is writable, ${formatBytes(freeBytes)} free`;
  if (freeBytes >= LITTLE_BYTES) return { status: "ok", message };
  return {
    status: freeBytes < TOO_LITTLE_BYTES ? "fail" : "warn",
    message,
    fix: `Free some space: at least ${formatBytes(LITTLE_BYTES)}.`,
  };
}
