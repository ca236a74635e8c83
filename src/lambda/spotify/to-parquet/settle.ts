import type { Claims } from "../../shared/claims.ts";
import type { Fault } from "../../shared/faults.ts";
import type { ObjectEvent } from "../../shared/object-events.ts";
import { currentVersion } from "../../shared/objects.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Decides where an object version with a permanent fault ends.
 *
 * - `done`: it had become rows before (a late duplicate of its message, when the version is deleted by now).
 * - `rejected`: the key has a newer version, and the message is a replay or the newer version is claimed.
 *   Its claim says so for good. This is what makes "upload the corrected object, then replay the dead
 *   letter" end well: the corrected version has an event and rows of its own, and the old message has
 *   nothing left to do. On the first delivery a newer version alone is no reason: it may be at fault too,
 *   and somebody has to hear of it.
 * - `deadLettered`: everything else.
 *
 * @param replayed whether the message has been in a DLQ before
 * @throws when S3 can't be asked; the message is then tried again
 */
export async function settleFault(
  event: ObjectEvent,
  fault: Fault,
  replayed: boolean,
  claims: Claims,
  run: Invocation,
): Promise<"done" | "rejected" | "deadLettered"> {
  if (event.bucket !== run.environment.bronze) return "deadLettered";
  const own = await claims.read(event, run.signal);
  if (own && (await claims.isDone(own.body, run.signal))) return "done";
  if (own && "output" in own.body && own.body.expiresAt > run.now()) {
    throw new Error("another invocation holds the claim, and may still write the rows");
  }
  const current = await currentVersion(run.s3, event, run.signal);
  if (!current || current.version === event.version || current.modified < wholeSeconds(event.time)) {
    return "deadLettered";
  }
  const { bucket, key, version } = event;
  const newer = { bucket, key, version: current.version };
  if (!replayed && !(await claims.read(newer, run.signal))) return "deadLettered";
  await claims.reject(
    {
      source: { bucket, key, version },
      rejected: fault,
      supersededBy: newer.version,
      requestId: run.requestId,
    },
    own?.etag,
    run.signal,
  );
  return "rejected";
}

/** Last-Modified has no fractions of a second. */
const wholeSeconds = (time: string): number => Math.floor(Date.parse(time) / 1000) * 1000;
