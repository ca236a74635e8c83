import { type ApiGatewayService, createApiGateway } from "./apigateway/service.ts";
import { type CloudWatchService, createCloudWatch } from "./cloudwatch/service.ts";
import { createDynamoDb, type DynamoDbService } from "./dynamodb/service.ts";
import { createEvents, type EventsService } from "./events/service.ts";
import { createFirehose, type FirehoseService } from "./firehose/service.ts";
import { createKinesis, type KinesisService } from "./kinesis/service.ts";
import { createLambda, type LambdaService } from "./lambda/service.ts";
import type { LogsSink } from "./lambda/sinks.ts";
import { createLogs, type LogsService } from "./logs/service.ts";
import { LocalPostgres } from "./postgres/service.ts";
import { createS3, type S3Service } from "./s3/service.ts";
import { createSecretsManager, type SecretsManagerService } from "./secretsmanager/service.ts";
import type { EngineParts, Service } from "./service.ts";
import { createSns, type SnsService } from "./sns/service.ts";
import { createSqs, type SqsService } from "./sqs/service.ts";
import { createSts } from "./sts/service.ts";

/** The services of the engine, each under the name by which requests are routed to it. */
export interface Services {
  s3: S3Service;
  sqs: SqsService;
  sns: SnsService;
  events: EventsService;
  logs: LogsService;
  monitoring: CloudWatchService;
  lambda: LambdaService;
  kinesis: KinesisService;
  dynamodb: DynamoDbService;
  secretsmanager: SecretsManagerService;
  firehose: FirehoseService;
  sts: Service;
  apigateway: ApiGatewayService;
  /** The invoke paths of APIs. */
  "execute-api": Service;
  /** What databases lie in; spoken to directly, not by way of the engine. */
  postgres: LocalPostgres;
}

export interface ServicesOptions {
  /** Path of the built Lambda worker, `dist/lambda-worker.js`. */
  workerPath: string;
  /** Sees every line a function logs, for `edp dev`. */
  onFunctionLog?: (group: string, message: string) => void;
}

/** Opens every service on the engine's data directory. */
export async function createServices(
  parts: EngineParts,
  { workerPath, onFunctionLog }: ServicesOptions,
): Promise<Services> {
  const postgres = await LocalPostgres.open(parts);
  const [s3, sqs, sns, events, logs, dynamodb, secretsmanager] = await Promise.all([
    createS3(parts),
    createSqs(parts),
    createSns(parts),
    createEvents(parts),
    createLogs(parts),
    createDynamoDb(parts),
    // Who reads a database's password is about to use it.
    createSecretsManager(parts, { beforeRead: (name) => postgres.ready(name) }),
  ]);
  const monitoring = await createCloudWatch(parts, { queueGauges: () => sqs.gauges() });
  const sink: LogsSink = {
    createGroup: (name, retentionDays) => logs.createGroup(name, retentionDays),
    append: async (group, stream, events) => {
      for (const event of events) onFunctionLog?.(group, event.message);
      await logs.append(group, stream, events);
    },
  };
  const lambda = await createLambda(parts, { sqs, logs: sink, metrics: monitoring, workerPath });
  const kinesis = await createKinesis(parts, { metrics: monitoring });
  const firehose = await createFirehose(parts, { kinesis, s3, metrics: monitoring });
  const apigateway = await createApiGateway(parts, { lambda, metrics: monitoring });
  return {
    s3,
    sqs,
    sns,
    events,
    logs,
    monitoring,
    lambda,
    kinesis,
    dynamodb,
    secretsmanager,
    firehose,
    sts: createSts(parts),
    apigateway,
    "execute-api": apigateway.invocations,
    postgres,
  };
}

/** Closes what is left once no request comes in and no function runs: what feeds goes before what is fed. */
export async function closeServices({
  apigateway,
  firehose,
  kinesis,
  events,
  sns,
  s3,
  sqs,
  dynamodb,
  secretsmanager,
  logs,
  monitoring,
  postgres,
}: Services): Promise<void> {
  const inOrder = [
    apigateway,
    firehose,
    kinesis,
    events,
    sns,
    s3,
    sqs,
    dynamodb,
    secretsmanager,
    logs,
    monitoring,
    postgres,
  ];
  for (const service of inOrder) await service.close();
}
