import { AwsError } from "../service.ts";
import type { Call, Operation } from "./call.ts";
import { notImplemented } from "./errors.ts";
import * as buckets from "./operations/buckets.ts";
import { completeMultipartUpload } from "./operations/complete-multipart-upload.ts";
import { copyObject } from "./operations/copy-object.ts";
import { deleteObject } from "./operations/delete-object.ts";
import { deleteObjects } from "./operations/delete-objects.ts";
import { getObject, headObject } from "./operations/get-object.ts";
import { getObjectAttributes } from "./operations/get-object-attributes.ts";
import { listMultipartUploads, listParts } from "./operations/list-multipart-uploads.ts";
import { listObjectVersions } from "./operations/list-object-versions.ts";
import { listObjectsV1, listObjectsV2 } from "./operations/list-objects.ts";
import { abortMultipartUpload, createMultipartUpload } from "./operations/multipart-upload.ts";
import { getBucketNotification, putBucketNotification } from "./operations/notification-configuration.ts";
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from "./operations/object-tagging.ts";
import { putObject } from "./operations/put-object.ts";
import { uploadPart, uploadPartCopy } from "./operations/upload-part.ts";
import { getBucketVersioning, putBucketVersioning } from "./operations/versioning.ts";

type Level = "Service" | "Bucket" | "Object";

/**
 * What is served, by level, method and subresource (a query parameter that names a part of the thing).
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
const OPERATIONS: Record<string, Operation> = {
  "Service GET": buckets.listBuckets,
  "Bucket PUT": buckets.createBucket,
  "Bucket DELETE": buckets.deleteBucket,
  "Bucket HEAD": buckets.headBucket,
  "Bucket GET": listObjectsV1,
  "Bucket GET list-type": listObjectsV2,
  "Bucket GET location": buckets.getBucketLocation,
  "Bucket GET versions": listObjectVersions,
  "Bucket GET uploads": listMultipartUploads,
  "Bucket GET versioning": getBucketVersioning,
  "Bucket PUT versioning": putBucketVersioning,
  "Bucket GET notification": getBucketNotification,
  "Bucket PUT notification": putBucketNotification,
  "Bucket POST delete": deleteObjects,
  "Object GET": getObject,
  "Object HEAD": headObject,
  "Object PUT": (call) => (copies(call) ? copyObject(call) : putObject(call)),
  "Object DELETE": deleteObject,
  "Object GET attributes": getObjectAttributes,
  "Object GET tagging": getObjectTagging,
  "Object PUT tagging": putObjectTagging,
  "Object DELETE tagging": deleteObjectTagging,
  "Object POST uploads": createMultipartUpload,
  "Object PUT uploadId": (call) => (copies(call) ? uploadPartCopy(call) : uploadPart(call)),
  "Object POST uploadId": completeMultipartUpload,
  "Object DELETE uploadId": abortMultipartUpload,
  "Object GET uploadId": listParts,
};

/** Subresources, with the noun of their operations; those not in OPERATIONS answer 501 with its name. */
const SUBRESOURCES: Record<string, string> = {
  accelerate: "AccelerateConfiguration",
  acl: "Acl",
  analytics: "AnalyticsConfiguration",
  append: "Append",
  attributes: "Attributes",
  cors: "Cors",
  delete: "Objects",
  encryption: "Encryption",
  "intelligent-tiering": "IntelligentTieringConfiguration",
  inventory: "InventoryConfiguration",
  "legal-hold": "LegalHold",
  lifecycle: "LifecycleConfiguration",
  "list-type": "ListV2",
  location: "Location",
  logging: "Logging",
  metadataConfiguration: "MetadataConfiguration",
  metadataTable: "MetadataTableConfiguration",
  metrics: "MetricsConfiguration",
  notification: "NotificationConfiguration",
  "object-lock": "ObjectLockConfiguration",
  ownershipControls: "OwnershipControls",
  policy: "Policy",
  policyStatus: "PolicyStatus",
  publicAccessBlock: "PublicAccessBlock",
  renameObject: "Rename",
  replication: "Replication",
  requestPayment: "RequestPayment",
  restore: "Restore",
  retention: "Retention",
  select: "SelectContent",
  session: "Session",
  tagging: "Tagging",
  torrent: "Torrent",
  uploadId: "MultipartUpload",
  uploads: "MultipartUploads",
  versioning: "Versioning",
  versions: "Versions",
  website: "Website",
};

const VERBS: Record<string, string> = {
  GET: "Get",
  PUT: "Put",
  DELETE: "Delete",
  POST: "Post",
  HEAD: "Head",
};

/** The operation a request asks for. @throws AwsError NotImplemented, naming it; MethodNotAllowed */
export function operationOf(call: Call): Operation {
  const { method, query } = call.request;
  const level: Level = call.bucket === "" ? "Service" : call.key === "" ? "Bucket" : "Object";
  const subresource = Object.keys(SUBRESOURCES).find((name) => query.has(name));
  const route = subresource === undefined ? `${level} ${method}` : `${level} ${method} ${subresource}`;
  const operation = OPERATIONS[route];
  if (operation) return operation;
  if (subresource !== undefined) {
    throw notImplemented(
      `S3 ${VERBS[method] ?? method}${level}${SUBRESOURCES[subresource]} (${method} ?${subresource})`,
    );
  }
  if (method === "POST")
    throw notImplemented(
      level === "Bucket" ? "S3 PostObject (a browser's form upload)" : `S3 POST on a ${level.toLowerCase()}`,
    );
  throw new AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405, {
    Method: method,
    ResourceType: level.toUpperCase(),
  });
}

function copies({ request }: Call): boolean {
  return request.headers["x-amz-copy-source"] !== undefined;
}
