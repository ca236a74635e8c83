import type { ListShardsCommandOutput } from "@aws-sdk/client-kinesis";
import type { ListObjectVersionsCommandOutput } from "@aws-sdk/client-s3";
import { answered } from "./answered.ts";
import type { Clients } from "./clients.ts";
import type { DataKind, DataLoss } from "./loss.ts";
import { queueDepth } from "./queues.ts";

/** Versions of one bucket, or items of one table, that are counted at most. */
const COUNT_LIMIT = 200_000;
/** GetRecords calls for one shard: an answer may be empty though records come later. */
const LOOKS_PER_SHARD = 5;

type Count = Pick<DataLoss, "count"> & Partial<DataLoss>;

/** How each kind is counted; undefined where there is no such thing. */
export const COUNT_BY_KIND: Record<DataKind, (clients: Clients, id: string) => Promise<Count | undefined>> = {
  bucket: countVersions,
  queue: countMessages,
  table: countItems,
  stream: lookIntoStream,
  // Only a connection to the server could tell, which is not open to where edp runs.
  database: async () => ({ count: null }),
};

async function countMessages(clients: Clients, url: string): Promise<Count | undefined> {
  const depth = await queueDepth(await clients.sqs(), url);
  return depth ? { count: depth.visible + depth.inFlight + depth.delayed } : undefined;
}

async function countVersions(clients: Clients, bucket: string): Promise<Count | undefined> {
  const { ListObjectVersionsCommand } = await import("@aws-sdk/client-s3");
  const s3 = await clients.s3();
  const loss = { count: 0, versions: 0, bytes: 0, atLeast: false };
  let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  try {
    while (next) {
      const page: ListObjectVersionsCommandOutput = await s3.send(
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
    return { count: null };
  }
}

/** By scanning: DescribeTable counts about every six hours, and a table that was filled since would look empty. */
async function countItems(clients: Clients, table: string): Promise<Count | undefined> {
  const { paginateScan } = await import("@aws-sdk/client-dynamodb");
  let count = 0;
  try {
    const pages = paginateScan({ client: await clients.dynamodb() }, { TableName: table, Select: "COUNT" });
    for await (const page of pages) {
      count += page.Count ?? 0;
      if (page.LastEvaluatedKey && count >= COUNT_LIMIT) return { count, atLeast: true };
    }
    return { count };
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: unknown };
    if (name === "ResourceNotFoundException") return undefined;
    if ($metadata === undefined) throw error;
    return { count: null };
  }
}

/** 0 where every shard was read to its end without a record; null where there are records, or nobody could look. */
async function lookIntoStream(clients: Clients, stream: string): Promise<Count | undefined> {
  const { ListShardsCommand } = await import("@aws-sdk/client-kinesis");
  const kinesis = await clients.kinesis();
  try {
    let NextToken: string | undefined;
    do {
      const page: ListShardsCommandOutput = await kinesis.send(
        // A token stands for the stream too.
        new ListShardsCommand(NextToken === undefined ? { StreamName: stream } : { NextToken }),
      );
      for (const { ShardId } of page.Shards ?? []) {
        if (ShardId && !(await shardIsEmpty(clients, stream, ShardId))) return { count: null };
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return { count: 0 };
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: unknown };
    if (name === "ResourceNotFoundException") return undefined;
    if ($metadata === undefined) throw error;
    return { count: null };
  }
}

async function shardIsEmpty(clients: Clients, StreamName: string, ShardId: string): Promise<boolean> {
  const { GetRecordsCommand, GetShardIteratorCommand } = await import("@aws-sdk/client-kinesis");
  const kinesis = await clients.kinesis();
  const start = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" as const };
  let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(start));
  for (let look = 0; look < LOOKS_PER_SHARD; look++) {
    if (!ShardIterator) return true;
    const page = await answered(kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 1 })));
    if (!page || (page.Records ?? []).length > 0) return false;
    if (page.MillisBehindLatest === 0) return true;
    ShardIterator = page.NextShardIterator;
  }
  return false;
}
