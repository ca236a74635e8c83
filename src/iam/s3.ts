import { parseBackend } from "../terraform/backend.ts";
import { actions, arn, type Grant, type Grants, namePrefix, type Scope } from "./grant.ts";

const bucketArn = (scope: Scope, name: string) => arn(scope, "s3", name, { regional: false, owned: false });

function onBuckets(names: string): Grants {
  return (scope) => [
    { sid: "Buckets", actions: actions("s3", names), resources: [bucketArn(scope, `${namePrefix(scope)}*`)] },
  ];
}

/**
 * Buckets. The provider reads every setting of a bucket, also those that edp doesn't make. From 6.23 on it reads
 * and writes tags through S3 Control (TagResource, ...), before that through the bucket's tagging.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export const S3_TYPES: Record<string, Grants> = {
  aws_s3_bucket: onBuckets(`
    CreateBucket DeleteBucket ListBucket
    GetBucketAcl GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration GetBucketPolicy
    GetBucketRequestPayment GetBucketVersioning GetBucketWebsite GetAccelerateConfiguration
    GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration
    GetBucketTagging PutBucketTagging ListTagsForResource TagResource UntagResource`),
  aws_s3_bucket_public_access_block: onBuckets("GetBucketPublicAccessBlock PutBucketPublicAccessBlock"),
  aws_s3_bucket_ownership_controls: onBuckets("GetBucketOwnershipControls PutBucketOwnershipControls"),
  aws_s3_bucket_server_side_encryption_configuration: onBuckets(
    "GetEncryptionConfiguration PutEncryptionConfiguration",
  ),
  aws_s3_bucket_versioning: onBuckets("GetBucketVersioning PutBucketVersioning"),
  aws_s3_bucket_lifecycle_configuration: onBuckets("GetLifecycleConfiguration PutLifecycleConfiguration"),
  aws_s3_bucket_policy: onBuckets("GetBucketPolicy PutBucketPolicy DeleteBucketPolicy"),
  aws_s3_bucket_notification: onBuckets("GetBucketNotification PutBucketNotification"),
};

/** `edp destroy` counts what would be lost and empties buckets, all versions. */
export const emptyBuckets: Grants = (scope) => [
  ...onBuckets("ListBucketVersions ListBucketMultipartUploads")(scope),
  {
    sid: "EmptyBuckets",
    actions: actions("s3", "DeleteObject DeleteObjectVersion AbortMultipartUpload"),
    resources: [bucketArn(scope, `${namePrefix(scope)}*/*`)],
  },
];

/**
 * The state bucket: made on first use, then one object and its lock below the environment's prefix.
 * Source: https://developer.hashicorp.com/terraform/language/backend/s3#permissions-required
 * @throws UsageError for what is no backend.
 */
export function stateBackend(scope: Scope, backend: string | undefined): Grant[] {
  const parsed = parseBackend(backend ?? "local");
  if (parsed.kind === "local") return [];
  const bucket = bucketArn(scope, parsed.bucket);
  const folder = [parsed.prefix, scope.project, scope.env].filter(Boolean).join("/");
  const creation = `CreateBucket PutBucketVersioning PutEncryptionConfiguration PutBucketPublicAccessBlock PutBucketPolicy`;
  return [
    { sid: "StateBucket", actions: actions("s3", `ListBucket ${creation}`), resources: [bucket] },
    {
      sid: "State",
      actions: actions("s3", "GetObject PutObject DeleteObject"),
      resources: [`${bucket}/${folder}/*`],
    },
  ];
}
