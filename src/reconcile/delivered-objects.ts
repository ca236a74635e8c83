import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { splitLines } from "../lambda/shared/lines.ts";

/** Values of `!{timestamp:...}` that a listing can begin at: Java's DateTimeFormatter patterns, always in UTC. */
const TIME_FIELDS: Readonly<Record<string, (iso: string) => string>> = {
  yyyy: (iso) => iso.slice(0, 4),
  MM: (iso) => iso.slice(5, 7),
  dd: (iso) => iso.slice(8, 10),
  HH: (iso) => iso.slice(11, 13),
};
/** A Kinesis record has 10 MiB at most; in an error object it is base64 and has reasons around it. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const GZIP_MAGIC = 0x1f;
const EXPRESSION = /!\{(\w+):([^}]+)\}/;

export interface DeliveredObject {
  key: string;
  /** Milliseconds since the epoch, in whole seconds. */
  modified: number;
}

/**
 * Lists what a delivery has written under a prefix since a time. Where the prefix goes by type and then by time, each
 * type's listing begins at the hour, so that years of objects before cost nothing; elsewhere everything is listed.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 * @param prefix with Firehose's expressions, e.g. `events/type=!{partitionKeyFromQuery:type}/year=!{timestamp:yyyy}/`
 */
export async function* deliveredSince(
  s3: S3Client,
  bucket: string,
  prefix: string,
  sinceMs: number,
): AsyncGenerator<DeliveredObject> {
  const sinceSecond = Math.floor(sinceMs / 1000) * 1000;
  for await (const start of starts(s3, bucket, "", prefix, new Date(sinceMs).toISOString())) {
    const request = { Bucket: bucket, Prefix: start.folder, StartAfter: start.after };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, request)) {
      for (const { Key = "", LastModified } of Contents) {
        const modified = LastModified?.getTime() ?? sinceSecond;
        if (modified >= sinceSecond) yield { key: Key, modified };
      }
    }
  }
}

/** Folders to list, each with the key to begin after. */
async function* starts(
  s3: S3Client,
  bucket: string,
  done: string,
  rest: string,
  since: string,
): AsyncGenerator<{ folder: string; after: string | undefined }> {
  const match = EXPRESSION.exec(rest);
  const [all, namespace] = match ?? [];
  const folder = `${done}${rest.slice(0, match?.index ?? rest.length)}`;
  const behind = rest.slice((match?.index ?? 0) + (all?.length ?? 0));
  if (namespace === "timestamp") yield { folder: done + upToTime(rest), after: done + rendered(rest, since) };
  else if (namespace === "partitionKeyFromQuery" && behind.startsWith("/")) {
    const request = { Bucket: bucket, Prefix: folder, Delimiter: "/" };
    for await (const { CommonPrefixes = [] } of paginateListObjectsV2({ client: s3 }, request)) {
      for (const { Prefix = "" } of CommonPrefixes) yield* starts(s3, bucket, Prefix, behind.slice(1), since);
    }
  } else yield { folder, after: undefined };
}

function upToTime(rest: string): string {
  return rest.slice(0, EXPRESSION.exec(rest)?.index);
}

/** The prefix with the fields of a time, up to the first expression that is something else. */
function rendered(rest: string, since: string): string {
  let text = "";
  let left = rest;
  for (let match = EXPRESSION.exec(left); match; match = EXPRESSION.exec(left)) {
    const [all, namespace, pattern = ""] = match;
    text += left.slice(0, match.index);
    const field = namespace === "timestamp" ? TIME_FIELDS[pattern] : undefined;
    if (!field) return text;
    text += field(since);
    left = left.slice(match.index + all.length);
  }
  return text;
}

/**
 * The lines of an object, streamed, unpacked where it is gzip.
 * @throws what S3 or zlib throws
 */
export async function* objectLines(s3: S3Client, bucket: string, key: string): AsyncGenerator<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!(Body instanceof Readable)) return;
  const [head, source] = await peek(Body);
  yield* splitLines(head?.[0] === GZIP_MAGIC ? unzip(source) : source, MAX_LINE_BYTES);
}

async function peek(body: Readable): Promise<[Buffer | undefined, AsyncIterable<Buffer>]> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await chunks.next();
  const whole = async function* () {
    if (first.done) return;
    yield first.value;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  };
  return [first.done ? undefined : first.value, whole()];
}

function unzip(source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const gunzip = createGunzip();
  pipeline(source, gunzip).catch(() => {
    // The reader of gunzip meets the same error.
  });
  return gunzip;
}
