import pMap from "p-map";
import type { Clients } from "./clients.ts";
import { queueDepth } from "./queues.ts";

/** Versions of one bucket that are counted at most: one listing request each thousand. */
const COUNT_LIMIT = 200_000;
/** Buckets and queues counted at once. */
const AT_ONCE = 16;

/** A bucket or queue that is about to be deleted, with what is in it. */
export interface DataLoss {
  kind: "bucket" | "queue";
  name: string;
  /** Current objects, or messages in any state. */
  count: number | null;
  /** Older object versions and delete markers; null for a queue. */
  versions: number | null;
  bytes: number | null;
  /** Whether counting ended early: at least this much is there. */
  atLeast: boolean;
}

/** What holds data among the things of a plan: buckets by name, queues by URL. */
export interface DataThing {
  kind: "bucket" | "queue";
  /** Name of the bucket, URL of the queue. */
  id: string;
}

/** Counts what would be lost with these; what does not exist is left out, what can't be read has null counts. */
export async function countLoss(clients: Clients, things: readonly DataThing[]): Promise<DataLoss[]> {
  const counted = await pMap(
    things,
    ({ kind, id }) => (kind === "bucket" ? countVersions(clients, id) : countMessages(clients, id)),
    { concurrency: AT_ONCE },
  );
  return counted.filter((loss) => loss !== undefined);
}

async function countMessages(clients: Clients, url: string): Promise<DataLoss | undefined> {
  const name = url.slice(url.lastIndexOf("/") + 1);
  const depth = await queueDepth(await clients.sqs(), url);
  if (!depth) return undefined;
  const count = depth.visible + depth.inFlight + depth.delayed;
  return { kind: "queue", name, count, versions: null, bytes: null, atLeast: false };
}

async function countVersions(clients: Clients, bucket: string): Promise<DataLoss | undefined> {
  const { ListObjectVersionsCommand } = await import("@aws-sdk/client-s3");
  const s3 = await clients.s3();
  const loss = { kind: "bucket" as const, name: bucket, count: 0, versions: 0, bytes: 0, atLeast: false };
  let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  try {
    while (next) {
      const page: import("@aws-sdk/client-s3").ListObjectVersionsCommandOutput = await s3.send(
        new ListObjectVersionsCommand({ Bucket: bucket, ...next }),
      );
      for (const { IsLatest, Size = 0 } of page.Versions ?? []) {
        if (IsLatest) loss.count++;
        else loss.versions++;
        loss.bytes += Size;
      }
      loss.versions += page.DeleteMarkers?.length ?? 0;
      next = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        : undefined;
      if (next && loss.count + loss.versions >= COUNT_LIMIT) return { ...loss, atLeast: true };
    }
    return loss;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: unknown };
    if (name === "NoSuchBucket") return undefined;
    if ($metadata === undefined) throw error;
    return { ...loss, count: null, versions: null, bytes: null };
  }
}
