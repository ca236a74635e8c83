import { randomUUID } from "node:crypto";
import type { AwsError, EngineParts, Service, ServiceRequest, ServiceResponse } from "../service.ts";
import { addressOf } from "./address.ts";
import { type DeclaredQueue, declaredTargets, isDeclared } from "./declared-queues.ts";
import { ErrorWithHeaders } from "./errors.ts";
import { testEvent } from "./events.ts";
import { checkExpiry, withParameterHeaders } from "./presigned.ts";
import { type EngineObject, putIfAbsent } from "./put.ts";
import { operationOf } from "./routes.ts";
import { checkSignature } from "./signature.ts";
import { Store } from "./store.ts";
import { element, text } from "./xml.ts";

/** S3 of the local engine: what a pipeline declares of its buckets, and the REST API. */
export interface S3Service extends Service {
  /**
   * Makes a bucket or updates the settings of one that is there; its objects stay, and so do notifications that
   * somebody configured through the API. A queue that is new among `queues` gets S3's test event first.
   * @throws AwsError InvalidBucketName, or what the queue answers to the test event
   */
  createBucket(name: string, settings: DeclaredBucket): Promise<void>;
  /** Removes a bucket with everything in it; one that is not there is no fault. */
  removeBucket(name: string): Promise<void>;
  bucketNames(): string[];
  /** Whether a bucket has no object, not even an old version; also when there is no such bucket. */
  isEmpty(name: string): boolean;
  /**
   * Stores an object unless there is one of its key; its events follow as for PutObject.
   * @returns whether it was stored now
   * @throws AwsError NoSuchBucket, or the error of the disk
   */
  putIfAbsent(object: EngineObject, payload: AsyncIterable<Buffer>): Promise<boolean>;
}

/** What a pipeline declares of a bucket. */
export interface DeclaredBucket {
  versioned: boolean;
  eventBridge: boolean;
  /** Queues that are told of created objects. */
  queues?: readonly DeclaredQueue[];
}

/** Opens S3 on the engine's data directory, with all that an earlier engine stored in it. */
export async function createS3(parts: EngineParts): Promise<S3Service> {
  const store = await Store.open(parts);
  return {
    async handle(incoming) {
      checkExpiry(incoming, store.now());
      checkSignature(incoming);
      const request = withParameterHeaders(incoming);
      const call = { store, request, ...addressOf(request) };
      return operationOf(call)(call);
    },
    fail,
    async createBucket(name, { versioned, eventBridge, queues = [] }) {
      const bucket = store.find(name) ?? store.create(name);
      const declared = declaredTargets(queues);
      const known = new Set(bucket.settings.notifications.targets.map(({ id }) => id));
      for (const { id, arn } of declared) {
        if (!known.has(id)) await store.deliver(arn, testEvent(name, store.now(), randomUUID()));
      }
      const { versioning, notifications } = bucket.settings;
      bucket.save({
        ...bucket.settings,
        // Versioning can be suspended but never taken back.
        versioning: versioned ? "Enabled" : versioning === null ? null : "Suspended",
        notifications: {
          eventBridge,
          targets: [...notifications.targets.filter(({ id }) => !isDeclared(id)), ...declared],
        },
      });
    },
    removeBucket: (name) => store.remove(name),
    bucketNames: () => store.names(),
    isEmpty: (name) => store.find(name)?.index.isEmpty ?? true,
    putIfAbsent: (object, payload) => putIfAbsent(store, object, payload),
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
