import type { Operations } from "../../http/json-protocol.ts";
import { type Members, structures, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import { invalid, invalidArgument, throughputExceeded } from "../errors.ts";
import { explicitHashKey, hashKeyOf } from "../hash-key.ts";
import { MAX_RECORD_BYTES, MAX_RECORDS, MAX_REQUEST_BYTES } from "../limits.ts";
import type { KinesisMetrics } from "../metrics.ts";
import type { NewRecord } from "../stream.ts";
import type { Streams } from "../streams.ts";
import { requiredStream } from "./required.ts";

/** Longest partition key, in characters. */
const MAX_KEY = 256;

export function putActions(streams: Streams, metrics: KinesisMetrics): Operations {
  const put = async (input: Members, records: NewRecord[]) => {
    const stream = requiredStream(streams, input);
    const results = await stream.put(records);
    const accepted = records.filter((_, at) => results[at] && "sequenceNumber" in results[at]);
    metrics.written(stream.name, accepted, records.length - accepted.length);
    if (accepted.length > 0) streams.written(stream);
    return { stream, results };
  };
  return {
    PutRecord: async (input) => {
      const { stream, results } = await put(input, [recordOf(input, "")]);
      const [result] = results;
      if (result && "sequenceNumber" in result) {
        return { ShardId: result.shardId, SequenceNumber: result.sequenceNumber, EncryptionType: "NONE" };
      }
      if (result?.error) throw result.error;
      throw throughputExceeded(result?.shardId ?? "", stream.name);
    },

    PutRecords: async (input) => {
      const entries = structures(input, "Records");
      if (entries.length === 0) {
        throw invalid("records", "[]", "Member must have length greater than or equal to 1");
      }
      if (entries.length > MAX_RECORDS) {
        throw invalid("records", "[...]", `Member must have length less than or equal to ${MAX_RECORDS}`);
      }
      const records = entries.map((entry, at) => recordOf(entry, `records.${at + 1}.member.`));
      if (records.reduce((bytes, record) => bytes + sizeOf(record), 0) > MAX_REQUEST_BYTES) {
        throw invalidArgument(`Records size exceeds ${MAX_REQUEST_BYTES / 1024 / 1024} MB limit`);
      }
      const { stream, results } = await put(input, records);
      return {
        FailedRecordCount: results.filter((result) => !("sequenceNumber" in result)).length,
        Records: results.map((result) => {
          if ("sequenceNumber" in result) {
            return { ShardId: result.shardId, SequenceNumber: result.sequenceNumber };
          }
          const { code, message } = result.error ?? throughputExceeded(result.shardId, stream.name);
          return { ErrorCode: code, ErrorMessage: message };
        }),
        EncryptionType: "NONE",
      };
    },
  };
}

/** Data and partition key of a record, in bytes. */
export function sizeOf({ partitionKey, data }: Pick<NewRecord, "partitionKey" | "data">): number {
  return Buffer.byteLength(partitionKey) + data.length;
}

function recordOf(entry: Members, path: string): NewRecord {
  const data = text(entry, "Data");
  const partitionKey = text(entry, "PartitionKey");
  const explicit = text(entry, "ExplicitHashKey");
  if (data === undefined) throw invalid(`${path}data`, undefined, "Member must not be null");
  if (partitionKey === undefined) {
    throw invalid(`${path}partitionKey`, undefined, "Member must not be null");
  }
  if (partitionKey === "" || [...partitionKey].length > MAX_KEY) {
    const bound = partitionKey === "" ? "greater than or equal to 1" : `less than or equal to ${MAX_KEY}`;
    throw invalid(`${path}partitionKey`, partitionKey, `Member must have length ${bound}`);
  }
  const hashKey = explicit === undefined ? hashKeyOf(partitionKey) : explicitHashKey(explicit);
  if (hashKey === undefined) {
    throw invalidArgument(
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicit}`,
    );
  }
  const record = { partitionKey, hashKey, data: Buffer.from(data, "base64") };
  if (sizeOf(record) > MAX_RECORD_BYTES) {
    throw new AwsError(
      "ValidationException",
      `1 validation error detected: Value at '${path}data' failed to satisfy constraint: Member must have length less than or equal to ${MAX_RECORD_BYTES}, the partition key included`,
    );
  }
  return record;
}
