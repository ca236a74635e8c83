import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { queueDepth } from "../aws/queues.ts";
import type { Letter } from "../dead-letters/letter.ts";
import { lookThrough } from "../dead-letters/look.ts";
import { isConnectionError } from "../ingest/patience.ts";
import type { Pause } from "../ingest/pause.ts";
import { findRejected } from "./rejections.ts";
import { type DeadLetter, type Tally, type TallyCounts, versionKey } from "./tally.ts";

/** Polls without progress before the claims of what is still missing are read. */
const QUIET_POLLS = 4;
/** Receivers of one look into a dead-letter queue. */
const RECEIVERS = 4;

/** Where the objects of a run can end up. */
export interface WaitTargets {
  /** Bucket the objects were stored in. */
  landing: string;
  /** Buckets that functions write outputs and claims to. */
  outputs: string[];
  /** URLs of every queue that takes what could not be processed or delivered. */
  deadLetterQueues: string[];
}

export interface WaitParts {
  s3: S3Client;
  sqs: SQSClient;
  targets: WaitTargets;
  /** Lists outputs not seen before and gives the object versions whose rows they hold. */
  newlyProcessed(): Promise<Iterable<string>>;
  timeoutMs: number;
  /** Milliseconds between two looks. */
  pollMs: number;
  /** Long polling of dead-letter queues: 1 on AWS, 0 locally. */
  receiveWaitSeconds: number;
  now(): number;
  pause: Pause;
  signal: AbortSignal;
  onProgress(counts: TallyCounts): void;
}

export interface WaitResult extends TallyCounts {
  timedOut: boolean;
  deadLetters: DeadLetter[];
}

/**
 * Waits until every object version of the tally is in an output, rejected or dead-lettered. An engine that is
 * being restarted meanwhile is waited for. What is still missing at the timeout stays missing.
 * @throws the signal's reason when it is aborted.
 */
export async function waitForRun(tally: Tally, parts: WaitParts): Promise<WaitResult> {
  const { now, pollMs, signal } = parts;
  const deadline = now() + parts.timeoutMs;
  const peeked = new Map<string, number>();
  let quiet = 0;
  for (;;) {
    const before = tally.missing.size;
    const last = now() >= deadline;
    try {
      await look(last || quiet % QUIET_POLLS === QUIET_POLLS - 1);
    } catch (error) {
      if (!isConnectionError(error)) throw error;
    }
    parts.onProgress(tally.counts);
    if (tally.missing.size === 0 || last) break;
    quiet = tally.missing.size < before ? 0 : quiet + 1;
    await parts.pause(Math.min(pollMs, Math.max(deadline - now(), 1)), signal);
  }
  return { ...tally.counts, timedOut: tally.missing.size > 0, deadLetters: tally.deadLetters };

  async function look(thorough: boolean): Promise<void> {
    for (const id of await parts.newlyProcessed()) tally.processed(id);
    for (const queue of parts.targets.deadLetterQueues) {
      if (tally.missing.size > 0) await lookAtDeadLetters(queue, thorough);
    }
    if (!thorough) return;
    for (const bucket of parts.targets.outputs) {
      if (tally.missing.size === 0) return;
      const rejected = await findRejected(parts.s3, bucket, parts.targets.landing, [...tally.missing]);
      for (const id of rejected) tally.rejected(id);
    }
  }

  /** Looks only when the queue's depth has changed: a look hides its messages for a moment. */
  async function lookAtDeadLetters(queue: string, thorough: boolean): Promise<void> {
    const visible = (await queueDepth(parts.sqs, queue))?.visible ?? 0;
    if (visible === 0 || (visible === peeked.get(queue) && !thorough)) return;
    peeked.set(queue, visible);
    const look = { parallel: RECEIVERS, waitSeconds: parts.receiveWaitSeconds, now, signal };
    for await (const letter of lookThrough(parts.sqs, queue, look)) {
      note(letter);
      if (tally.missing.size === 0) break;
    }
  }

  function note({ objects, cause }: Letter): void {
    for (const { bucket, key, version } of objects) {
      if (bucket === parts.targets.landing) tally.deadLettered(versionKey(key, version), { key, ...cause });
    }
  }
}
