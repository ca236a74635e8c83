import type { Readable } from "node:stream";
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { awsError, PermanentFault } from "./faults.ts";
import type { ObjectVersion } from "./object-events.ts";

export interface OpenedObject {
  bytes: number;
  body: Readable;
}

/**
 * Opens one version of an object for reading. The body must be read or destroyed.
 * @param range bytes as in HTTP's Range header, `bytes=0-99`; the whole object without one
 * @throws PermanentFault OBJECT_NOT_FOUND when that version is deleted, or replaced in a bucket without versions
 */
export async function openObject(
  s3: S3Client,
  source: ObjectVersion,
  signal?: AbortSignal,
  range?: string,
): Promise<OpenedObject> {
  const { bucket, key, version } = source;
  try {
    const found = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: key, Range: range, ...exactly(version) }),
      { abortSignal: signal },
    );
    return { bytes: found.ContentLength ?? 0, body: found.Body as Readable };
  } catch (error) {
    const { status, name } = awsError(error);
    // 405 is a delete marker; 412 means that the ETag is not the one of the event any more.
    if (status === 404 || status === 405 || status === 412) {
      throw new PermanentFault(
        "OBJECT_NOT_FOUND",
        `${bucket}/${key} has no version ${version} any more (${name}).`,
      );
    }
    throw error;
  }
}

/** Reads an opened object to its end. @throws when the connection ends early */
export async function readAll({ bytes, body }: OpenedObject): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  const content = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  if (content.length !== bytes) throw new Error(`the body ended after ${content.length} of ${bytes} bytes`);
  return content;
}

/** The version that a key has now, and since when (milliseconds); undefined when the object is deleted. */
export async function currentVersion(
  s3: S3Client,
  { bucket, key, version }: ObjectVersion,
  signal?: AbortSignal,
): Promise<{ version: string; modified: number } | undefined> {
  try {
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    const etag = `${ETAG}${head.ETag?.replaceAll('"', "")}`;
    return {
      version: version.startsWith(ETAG) ? etag : (head.VersionId ?? etag),
      modified: head.LastModified?.getTime() ?? 0,
    };
  } catch (error) {
    if (awsError(error).status === 404) return undefined;
    throw error;
  }
}

const ETAG = "etag:";

function exactly(version: string): Pick<GetObjectCommandInput, "VersionId" | "IfMatch"> {
  return version.startsWith(ETAG) ? { IfMatch: `"${version.slice(ETAG.length)}"` } : { VersionId: version };
}
