import path from "node:path";
import type { AddressBook } from "../topology/deployment.ts";
import { functionEnvironment } from "../topology/edges.ts";
import { physicalNames } from "../topology/names.ts";
import type { Pipeline, Queue } from "../topology/types.ts";
import type { CloudWatchService } from "./cloudwatch/service.ts";
import type { DeployRequest } from "./engine.ts";
import type { EventsService } from "./events/service.ts";
import type { LambdaService } from "./lambda/service.ts";
import type { LogsService } from "./logs/service.ts";
import type { S3Service } from "./s3/service.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "./service.ts";
import type { SnsService } from "./sns/service.ts";
import type { SqsService } from "./sqs/service.ts";

export interface Services {
  s3: S3Service;
  sqs: SqsService;
  sns: SnsService;
  events: EventsService;
  logs: LogsService;
  cloudwatch: CloudWatchService;
  lambda: LambdaService;
}

/** Batch window of event source mappings on the local engine, in milliseconds. */
const LOCAL_BATCH_WINDOW_MS = 500;
/** Declared visibility timeouts are divided by this locally: a retry should not take minutes at a desk. */
const VISIBILITY_SCALE = 100;
/** Seconds after an invocation's deadline until nothing of it, claims included, can still be held. */
const SETTLED_SECONDS = 10;
const LOG_RETENTION_DAYS = 30;

/** ARN of a thing of the engine. */
export const arn = (service: string, resource: string) =>
  `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource}`;

/** Physical names of a pipeline on the engine. */
export function localNames(pipeline: Pipeline, project: string) {
  return physicalNames(pipeline, { project, env: "local", accountId: LOCAL_ACCOUNT });
}

/** The address book of a pipeline on the engine at `endpoint`. */
export function addressBook(pipeline: Pipeline, project: string, endpoint: string): AddressBook {
  const names = localNames(pipeline, project);
  const map = <T>(keys: object, make: (key: string) => T): Record<string, T> =>
    Object.fromEntries(Object.keys(keys).map((key) => [key, make(key)]));
  const queueUrl = (name: string | undefined) => `${endpoint}/${LOCAL_ACCOUNT}/${name}`;
  return {
    buckets: map(pipeline.buckets, (key) => ({ name: names.buckets[key] ?? "" })),
    topics: map(pipeline.topics, (key) => ({ arn: arn("sns", names.topics[key] ?? "") })),
    queues: map(pipeline.queues, (key) => ({
      url: queueUrl(names.queues[key]),
      dlqUrl: queueUrl(names.dlqs[key]),
    })),
    functions: map(pipeline.functions, (key) => ({
      name: names.functions[key] ?? "",
      logGroup: `/aws/lambda/${names.functions[key]}`,
    })),
    undelivered: { url: queueUrl(names.undelivered) },
  };
}

/** Creates or updates everything a pipeline declares. Receivers come before what feeds them. */
export async function provision(
  services: Services,
  pipeline: Pipeline,
  request: Pick<DeployRequest, "project" | "zips" | "awsTiming">,
  endpoint: string,
): Promise<void> {
  const names = localNames(pipeline, request.project);
  const addresses = addressBook(pipeline, request.project, endpoint);
  const undelivered = await services.sqs.createQueue(names.undelivered, {
    MessageRetentionPeriod: "1209600",
  });
  for (const [key, queue] of Object.entries(pipeline.queues)) {
    const dlq = await services.sqs.createQueue(names.dlqs[key] ?? "", {
      MessageRetentionPeriod: String(queue.dlqRetentionSeconds),
      ...(queue.fifo ? { FifoQueue: "true" } : {}),
    });
    await services.sqs.createQueue(names.queues[key] ?? "", {
      ...queueAttributes(queue, visibilitySeconds(pipeline, key, request.awsTiming)),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: queue.maxReceiveCount }),
    });
  }
  for (const [key, declared] of Object.entries(pipeline.functions)) {
    const name = names.functions[key] ?? "";
    await services.logs.createGroup(`/aws/lambda/${name}`, LOG_RETENTION_DAYS);
    await services.lambda.deployFunction({
      name,
      zip: request.zips[`${pipeline.name}-${key}`] ?? path.join("missing", `${pipeline.name}-${key}.zip`),
      handler: "index.handler",
      environment: functionEnvironment(pipeline, key, addresses),
      memoryMb: declared.memoryMb,
      timeoutSeconds: declared.timeoutSeconds,
    });
    await services.lambda.mapQueue({
      functionName: name,
      queueArn: arn("sqs", names.queues[declared.from.queue] ?? ""),
      batchSize: declared.from.batchSize,
      batchWindowMs: batchWindowMs(declared.from.batchWindowSeconds, request.awsTiming),
      maximumConcurrency: declared.from.maximumConcurrency,
      queueVisibilityMs: visibilitySeconds(pipeline, declared.from.queue, request.awsTiming) * 1000,
    });
  }
  for (const key of Object.keys(pipeline.topics)) await services.sns.createTopic(names.topics[key] ?? "");
  for (const [key, queue] of Object.entries(pipeline.queues)) {
    for (const source of queue.from) {
      await services.sns.subscribe(
        arn("sns", names.topics[source.topic] ?? ""),
        "sqs",
        arn("sqs", names.queues[key] ?? ""),
        {
          RawMessageDelivery: String(source.rawMessageDelivery),
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: undelivered.arn }),
          ...(source.filterPolicy ? { FilterPolicy: JSON.stringify(source.filterPolicy) } : {}),
        },
      );
    }
  }
  for (const [key, rule] of Object.entries(pipeline.rules)) {
    await services.events.putRule(
      names.rules[key] ?? "",
      withBucket(rule.pattern, names.buckets[rule.from.bucket]),
    );
    for (const [topicKey, topic] of Object.entries(pipeline.topics)) {
      if (topic.from.rule !== key) continue;
      await services.events.putTarget(names.rules[key] ?? "", {
        id: topicKey,
        arn: arn("sns", names.topics[topicKey] ?? ""),
        dlqArn: undelivered.arn,
      });
    }
  }
  for (const [key, bucket] of Object.entries(pipeline.buckets)) {
    await services.s3.createBucket(names.buckets[key] ?? "", {
      versioned: bucket.versioned,
      eventBridge: bucket.eventBridge,
    });
  }
}

function queueAttributes(queue: Queue, visibility: number): Record<string, string> {
  return {
    VisibilityTimeout: String(visibility),
    MessageRetentionPeriod: String(queue.retentionSeconds),
    DelaySeconds: String(queue.delaySeconds),
    ReceiveMessageWaitTimeSeconds: String(queue.receiveWaitSeconds),
    ...(queue.fifo ? { FifoQueue: "true" } : {}),
  };
}

/**
 * The scaled visibility timeout, long enough that a message whose function crashed outlives the claims of the
 * crashed invocation with a receive to spare, instead of going to the DLQ for want of patience.
 */
function visibilitySeconds({ queues, functions }: Pipeline, key: string, awsTiming: boolean): number {
  const queue = queues[key];
  if (!queue) throw new Error(`there is no queue ${key}`);
  const declared = queue.visibilityTimeoutSeconds;
  if (awsTiming) return declared;
  const consumer = Object.values(functions).find(({ from }) => from.queue === key);
  const settled = consumer ? (consumer.timeoutSeconds + SETTLED_SECONDS) / (queue.maxReceiveCount - 1) : 0;
  return Math.min(declared, Math.ceil(Math.max(settled, declared / VISIBILITY_SCALE)));
}

function batchWindowMs(declaredSeconds: number, awsTiming: boolean): number {
  return awsTiming ? declaredSeconds * 1000 : Math.min(declaredSeconds * 1000, LOCAL_BATCH_WINDOW_MS);
}

/** Narrows a rule's pattern to its bucket, as the HCL module does. */
function withBucket(pattern: Record<string, unknown>, bucketName: string | undefined): object {
  const detail = (pattern.detail ?? {}) as Record<string, unknown>;
  return { ...pattern, detail: { ...detail, bucket: { name: [bucketName] } } };
}
