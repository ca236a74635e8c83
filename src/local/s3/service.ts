import type { AwsError, EngineParts, Service, ServiceRequest, ServiceResponse } from "../service.ts";
import { addressOf } from "./address.ts";
import { ErrorWithHeaders } from "./errors.ts";
import { checkExpiry } from "./presigned.ts";
import { operationOf } from "./routes.ts";
import { Store } from "./store.ts";
import { element, text } from "./xml.ts";

/** S3 of the local engine: what a pipeline declares of its buckets, and the REST API. */
export interface S3Service extends Service {
  /**
   * Makes a bucket or updates the settings of one that is there; its objects and its other notifications stay.
   * @throws AwsError InvalidBucketName
   */
  createBucket(name: string, settings: { versioned: boolean; eventBridge: boolean }): Promise<void>;
  /** Removes a bucket with everything in it; one that is not there is no fault. */
  removeBucket(name: string): Promise<void>;
  bucketNames(): string[];
  /** Whether a bucket has no object, not even an old version; also when there is no such bucket. */
  isEmpty(name: string): boolean;
}

/** Opens S3 on the engine's data directory, with all that an earlier engine stored in it. */
export async function createS3(parts: EngineParts): Promise<S3Service> {
  const store = await Store.open(parts);
  return {
    async handle(request) {
      checkExpiry(request, store.now());
      const call = { store, request, ...addressOf(request) };
      return operationOf(call)(call);
    },
    fail,
    async createBucket(name, { versioned, eventBridge }) {
      const bucket = store.find(name) ?? store.create(name);
      const { versioning, notifications } = bucket.settings;
      bucket.save({
        ...bucket.settings,
        // Versioning can be suspended but never taken back.
        versioning: versioned ? "Enabled" : versioning === null ? null : "Suspended",
        notifications: { ...notifications, eventBridge },
      });
    },
    removeBucket: (name) => store.remove(name),
    bucketNames: () => store.names(),
    isEmpty: (name) => store.find(name)?.index.isEmpty ?? true,
    close: () => store.close(),
  };
}

/** Errors in S3's own XML: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function fail(error: AwsError, request: ServiceRequest): ServiceResponse {
  const headers = {
    "content-type": "application/xml",
    ...(error instanceof ErrorWithHeaders ? error.headers : {}),
  };
  if (request.method === "HEAD") return { status: error.status, headers };
  const body = element(
    "Error",
    text("Code", error.code),
    text("Message", error.message),
    ...Object.entries(error.members).map(([name, value]) => text(name, value)),
    text("Resource", request.path),
    text("RequestId", request.requestId),
    text("HostId", request.requestId),
  );
  return { status: error.status, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}
