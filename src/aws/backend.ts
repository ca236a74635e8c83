import { CredentialsError } from "../errors.ts";
import type { Clients } from "./clients.ts";
import { partitionOf } from "./regions.ts";

export type StateBucket = "present" | "absent";

/**
 * Looks for the bucket that holds Terraform's state.
 * @throws CredentialsError when it is somebody else's, or may not be read.
 */
export async function findStateBucket(clients: Clients, bucket: string): Promise<StateBucket> {
  const { HeadBucketCommand } = await import("@aws-sdk/client-s3");
  try {
    await (await clients.s3()).send(new HeadBucketCommand({ Bucket: bucket }));
    return "present";
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 404) return "absent";
    if (status === 403) {
      throw new CredentialsError(
        `The state bucket ${bucket} belongs to another account, or may not be read.`,
        {
          code: "ACCESS_DENIED",
          cause: error,
          hint: "Choose another name with --backend (bucket names are unique in all of AWS), or allow s3:ListBucket on it.",
        },
      );
    }
    throw error;
  }
}

/**
 * Creates the state bucket: versioned (every state can be had back), encrypted, private, TLS only. It carries no tag
 * of an environment, since it may hold the states of several.
 * @param endpointUrl an emulator's; by http, TLS can't be asked for.
 */
export async function createStateBucket(
  clients: Clients,
  bucket: string,
  region: string,
  endpointUrl: string | null,
): Promise<void> {
  const s3 = await clients.s3();
  const {
    CreateBucketCommand,
    PutBucketEncryptionCommand,
    PutBucketPolicyCommand,
    PutBucketVersioningCommand,
    PutPublicAccessBlockCommand,
  } = await import("@aws-sdk/client-s3");
  // us-east-1 is named by leaving the constraint away: API_CreateBucket.
  const location =
    region === "us-east-1"
      ? {}
      : { CreateBucketConfiguration: { LocationConstraint: region as "eu-west-1" } };
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ...location }));
  await s3.send(
    new PutPublicAccessBlockCommand({
      Bucket: bucket,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    }),
  );
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
  );
  await s3.send(
    new PutBucketEncryptionCommand({
      Bucket: bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
    }),
  );
  if (endpointUrl?.startsWith("http://")) return;
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: tlsOnly(bucket, region) }));
}

function tlsOnly(bucket: string, region: string): string {
  const arn = `arn:${partitionOf(region).name}:s3:::${bucket}`;
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
}
