import { readFile, rm } from "node:fs/promises";
import * as v from "valibot";
import { resolveRegion } from "../aws/account.ts";
import { createClients } from "../aws/clients.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { confirmTyped } from "../terminal/confirm.ts";
import { lockKey, parseBackend } from "./backend.ts";
import { isRunning, readHolder } from "./holder.ts";
import { environmentPaths } from "./paths.ts";
import { readRecord } from "./record.ts";

/** A lock on an environment. */
export interface LockReport {
  /** `edp`: this machine's own; `terraform`: on the state. */
  kind: "edp" | "terraform";
  /** File or object. */
  place: string;
  who: string;
  /** ISO 8601, UTC. */
  since: string;
  /** What the holder is doing. */
  operation: string;
  /** Whether its process runs; null where that can't be known. */
  running: boolean | null;
}

export interface UnlockResult {
  env: string;
  locks: LockReport[];
  removed: boolean;
}

interface FoundLock extends LockReport {
  remove(): Promise<void>;
}

/** What Terraform writes into a lock: https://pkg.go.dev/github.com/hashicorp/terraform/internal/states/statemgr#LockInfo */
const LockInfo = v.looseObject({
  ID: v.string(),
  Operation: v.optional(v.string(), ""),
  Who: v.optional(v.string(), "unknown"),
  Created: v.optional(v.string(), ""),
});

/**
 * Shows who holds an environment and since when, asks, and removes the locks.
 * @throws UsageError when the holder's process still runs on this machine, unless `force`.
 */
export async function unlockAws(context: Context, force: boolean): Promise<UnlockResult> {
  const paths = environmentPaths(context.directory, context.env);
  const record = await readRecord(paths);
  const backend = parseBackend(record?.backend ?? context.config.backend ?? "local");
  const endpoint = context.endpointUrl ?? record?.endpointUrl ?? null;
  const region = backend.kind === "local" ? "" : (record?.region ?? (await resolveRegion(context, endpoint)));
  const clients = createClients({ env: context.env, endpoint, region }, context);
  try {
    const project = record?.project ?? context.config.project;
    const found = await Promise.all([
      ownLock(),
      backend.kind === "local"
        ? localLock()
        : objectLock(backend.bucket, lockKey(backend, project, context.env)),
    ]);
    const locks = found.filter((lock) => lock !== undefined);
    const report = locks.map(({ remove: _, ...lock }) => lock);
    if (locks.length === 0) return { env: context.env, locks: [], removed: false };
    for (const line of describeLocks(report)) context.terminal.warn(line);
    if (!force && locks.some(({ running }) => running)) {
      throw new UsageError(`${context.env} is locked by a process that still runs.`, {
        hint: "Stop it there with Ctrl-C and wait for its end. --force removes the lock in spite of it, at the risk of losing track of resources.",
      });
    }
    await confirmTyped(
      context,
      `Removing the lock of somebody who still works on ${context.env} damages its state.`,
      context.env,
    );
    for (const lock of locks) await lock.remove();
    return { env: context.env, locks: report, removed: true };
  } finally {
    clients.close();
  }

  async function ownLock(): Promise<FoundLock | undefined> {
    const holder = await readHolder(paths);
    return (
      holder && {
        kind: "edp",
        place: paths.holder,
        who: `${holder.user}@${holder.host} (process ${holder.pid})`,
        since: holder.since,
        operation: holder.command,
        running: isRunning(holder),
        remove: () => rm(paths.holder, { force: true }),
      }
    );
  }

  async function localLock(): Promise<FoundLock | undefined> {
    const text = await readFile(paths.stateLock, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    return text === undefined
      ? undefined
      : terraformLock(text, paths.stateLock, () => rm(paths.stateLock, { force: true }));
  }

  async function objectLock(bucket: string, key: string): Promise<FoundLock | undefined> {
    const { GetObjectCommand, DeleteObjectCommand } = await import("@aws-sdk/client-s3");
    const s3 = await clients.s3();
    const text = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })).then(
      ({ Body }) => Body?.transformToString(),
      (error: Error) => {
        if (["NoSuchKey", "NoSuchBucket"].includes(error.name)) return undefined;
        throw error;
      },
    );
    if (text === undefined) return undefined;
    return terraformLock(text, `s3://${bucket}/${key}`, async () => {
      const now = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if ((await now.Body?.transformToString()) !== text) {
        throw new UsageError("The lock has changed hands meanwhile.", { hint: "Look again: npx edp unlock" });
      }
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    });
  }
}

function terraformLock(text: string, place: string, remove: () => Promise<void>): FoundLock {
  const info = parseLockInfo(text);
  return { kind: "terraform", place, ...info, running: null, remove };
}

/** Reads Terraform's lock; one that is torn still is a lock. */
export function parseLockInfo(text: string): Pick<LockReport, "who" | "since" | "operation"> {
  const unreadable = { who: "unknown", since: "", operation: "" };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return unreadable;
  }
  const info = v.safeParse(LockInfo, json);
  if (!info.success) return unreadable;
  const { Who, Created, Operation } = info.output;
  return {
    who: Who,
    since: Created.replace(/\.\d+Z$/, "Z"),
    operation: Operation.replace(/^OperationType/, "").toLowerCase(),
  };
}

function describeLocks(locks: readonly LockReport[]): string[] {
  return locks.map(({ kind, who, since, operation, running, place }) => {
    const state = running === null ? "" : running ? ", its process runs" : ", its process has ended";
    return `Locked (${kind}) by ${who}${since ? ` since ${since}` : ""}${operation ? `, ${operation}` : ""}${state}: ${place}`;
  });
}
