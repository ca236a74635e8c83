import { type KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import type { Log } from "../../shared/log.ts";
import type { StreamRecord } from "./transform.ts";

/** Limits of PutRecords: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html */
const MAX_RECORDS = 500;
const MAX_REQUEST_BYTES = 5 * 1024 * 1024;

/** First ceiling of the pause before another attempt, in milliseconds; it doubles, and chance takes a part of it. */
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 2_000;
/** A throttled shard has room again within seconds; whoever waits longer ties up an environment for nothing. */
const MAX_ATTEMPTS = 7;

export interface PutParts {
  kinesis: Pick<KinesisClient, "send">;
  stream: string;
  log: Log;
  /** Milliseconds until an answer has to be given. */
  remainingMs(): number;
  pause(ms: number): Promise<void>;
  /** In [0, 1), for jitter. */
  random(): number;
}

/** Why the stream did not take a record, in its last attempt. */
export type Failures = Map<StreamRecord, string>;

/**
 * Puts records into the stream, and again those that it did not take, until they are in or there is no time left.
 * @returns the records that are not in the stream as far as anybody knows; one whose answer was lost may be
 */
export async function putRecords(records: readonly StreamRecord[], parts: PutParts): Promise<Failures> {
  const failures: Failures = new Map();
  for (const batch of batches(records)) {
    for (const [record, reason] of await putBatch(batch, parts)) failures.set(record, reason);
  }
  return failures;
}

async function putBatch(batch: readonly StreamRecord[], parts: PutParts): Promise<Failures> {
  let failures: Failures = new Map(batch.map((record) => [record, "not sent: no time left"]));
  for (let attempt = 1; ; attempt++) {
    failures = await attemptPut([...failures.keys()], parts);
    if (failures.size === 0) return failures;
    const ceiling = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS);
    const waitMs = ceiling / 2 + (ceiling / 2) * parts.random();
    const last = attempt === MAX_ATTEMPTS || waitMs >= parts.remainingMs();
    parts.log(last ? "ERROR" : "WARN", "the stream did not take all records", {
      stream: parts.stream,
      attempt,
      records: failures.size,
      reasons: countBy(failures.values()),
      retried: !last,
    });
    if (last) return failures;
    await parts.pause(waitMs);
  }
}

async function attemptPut(
  records: StreamRecord[],
  { kinesis, stream, remainingMs }: PutParts,
): Promise<Failures> {
  const Records = records.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey }));
  try {
    const abortSignal = AbortSignal.timeout(Math.max(1, remainingMs()));
    const put = await kinesis.send(new PutRecordsCommand({ StreamName: stream, Records }), { abortSignal });
    const results = put.Records ?? [];
    return new Map(
      records.flatMap((record, index) => {
        const result = results[index];
        // Results come in the order of the records; one that is missing says nothing good.
        return result?.SequenceNumber ? [] : [[record, result?.ErrorCode ?? "NoResult"] as const];
      }),
    );
  } catch (error) {
    const { name } = error as Error;
    return new Map(records.map((record) => [record, name]));
  }
}

function* batches(records: readonly StreamRecord[]): Generator<StreamRecord[]> {
  let batch: StreamRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.data.length + Buffer.byteLength(record.partitionKey);
    if (batch.length === MAX_RECORDS || (batch.length > 0 && bytes + size > MAX_REQUEST_BYTES)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(record);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function countBy(reasons: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
