import { createWriteStream } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Context } from "../../context.ts";
import { CredentialsError, InvalidInputError, UsageError } from "../../errors.ts";
import { awsError } from "../../lambda/shared/faults.ts";
import { DATASETS } from "../../lambda/warehouse/run/datasets.ts";
import { NAMES } from "./find-files.ts";

const URL = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;
const DEFAULT_REGION = "us-east-1";

/**
 * Downloads a batch's files from a folder in S3, which may be another account's or public.
 * @param url `s3://bucket/folder/`
 * @param signed false sends requests without credentials, as `aws --no-sign-request` does
 * @throws UsageError for a URL that is none; InvalidInputError where no file is found; CredentialsError
 */
export async function downloadBatch(
  context: Context,
  url: string,
  signed: boolean,
  directory: string,
): Promise<void> {
  const match = URL.exec(url);
  if (!match) throw new UsageError(`${url} is no folder in S3.`, { hint: "Write s3://bucket/folder/." });
  const [, Bucket = "", given = ""] = match;
  const prefix = given === "" || given.endsWith("/") ? given : `${given}/`;
  const s3 = await createSource(context, signed);
  try {
    const names = DATASETS.flatMap(({ files }) => files);
    const { ListObjectsV2Command, GetObjectCommand } = await import("@aws-sdk/client-s3");
    const listed = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, Delimiter: "/" }), {
      abortSignal: context.signal,
    });
    const keys = (listed.Contents ?? []).flatMap(({ Key = "" }) =>
      names.includes(Key.slice(prefix.length)) ? [Key] : [],
    );
    if (keys.length === 0) {
      throw new InvalidInputError(`Nothing under s3://${Bucket}/${prefix} is a file of a batch.`, {
        hint: NAMES,
      });
    }
    for (const Key of keys) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }), { abortSignal: context.signal });
      const file = path.join(directory, path.posix.basename(Key));
      await pipeline(Body as Readable, createWriteStream(file), { signal: context.signal });
    }
  } catch (error) {
    context.signal.throwIfAborted();
    throw sourceError(error, url, signed);
  } finally {
    s3.destroy();
  }
}

/** A client for the source; its account and region need not be those of the environment. */
async function createSource(context: Context, signed: boolean): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  const { endpointUrl, profile, region = DEFAULT_REGION } = context;
  return new S3Client({
    region,
    followRegionRedirects: true,
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl, forcePathStyle: true }),
    ...(profile === undefined ? {} : { profile }),
    ...(signed
      ? {}
      : {
          credentials: { accessKeyId: "anonymous", secretAccessKey: "anonymous" },
          signer: { sign: async (request) => request },
        }),
  });
}

function sourceError(error: unknown, url: string, signed: boolean): unknown {
  const { status, name } = awsError(error);
  if (status === 404) return new InvalidInputError(`${url} is not there (${name}).`);
  if (status === 403 || name === "CredentialsProviderError") {
    return new CredentialsError(`${url} can't be read (${name}: ${(error as Error).message}).`, {
      hint: signed
        ? "For a public bucket: --no-sign-request. Else choose credentials with --profile."
        : "It is not public: leave --no-sign-request away.",
      cause: error,
    });
  }
  return error;
}
