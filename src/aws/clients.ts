import type { APIGatewayClient } from "@aws-sdk/client-api-gateway";
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { FirehoseClient } from "@aws-sdk/client-firehose";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { ResourceGroupsTaggingAPIClient } from "@aws-sdk/client-resource-groups-tagging-api";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SNSClient } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { STSClient } from "@aws-sdk/client-sts";
import type { Logger } from "@smithy/types";
import type { Context } from "../context.ts";
import { LOCAL_ENV } from "../context.ts";
import type { Deployment } from "../topology/deployment.ts";
import { emulatorCredentials } from "./emulator.ts";

/** Connections per client; uploads and replays run up to this many requests at once. */
const MAX_SOCKETS = 128;
/** Attempts of one request, the SDK's standard retry mode with backoff. */
const MAX_ATTEMPTS = 5;

/**
 * Drops what the SDK tells. It has no `info` and no `error`, or the SDK would describe every request to it, which
 * takes 5 % of its time; `debug` and `warn` are called whether they are there or not.
 */
const SILENT = { debug() {}, warn() {} } as unknown as Logger;

/** SDK clients of one environment, each imported and made at its first use. */
export interface Clients {
  s3(): Promise<S3Client>;
  sqs(): Promise<SQSClient>;
  logs(): Promise<CloudWatchLogsClient>;
  cloudwatch(): Promise<CloudWatchClient>;
  lambda(): Promise<LambdaClient>;
  sns(): Promise<SNSClient>;
  events(): Promise<EventBridgeClient>;
  kinesis(): Promise<KinesisClient>;
  firehose(): Promise<FirehoseClient>;
  dynamodb(): Promise<DynamoDBClient>;
  apiGateway(): Promise<APIGatewayClient>;
  secretsManager(): Promise<SecretsManagerClient>;
  iam(): Promise<IAMClient>;
  sts(): Promise<STSClient>;
  tagging(): Promise<ResourceGroupsTaggingAPIClient>;
  close(): void;
}

/**
 * Makes the clients for a deployment. The local engine is reached with fixed dummy credentials, whatever the
 * shell holds; elsewhere the SDK's default chain applies, with `--profile` where given. An emulator on this
 * machine gets dummy credentials where the user has chosen none.
 */
export function createClients(
  deployment: Pick<Deployment, "env" | "endpoint" | "region">,
  context: Context,
): Clients {
  const open: { destroy(): void }[] = [];
  const dummies = emulatorCredentials(deployment.endpoint, context);
  const settings = async () => {
    const { NodeHttpHandler } = await import("@smithy/node-http-handler");
    return {
      region: deployment.region,
      maxAttempts: MAX_ATTEMPTS,
      logger: SILENT,
      // Kinesis' own would speak HTTP/2, which emulators often lack.
      requestHandler: new NodeHttpHandler({
        connectionTimeout: 10_000,
        httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
        httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      }),
      ...(deployment.endpoint === null ? {} : { endpoint: deployment.endpoint }),
      ...(deployment.env === LOCAL_ENV
        ? { credentials: { accessKeyId: "local", secretAccessKey: "local" } }
        : dummies
          ? { credentials: dummies }
          : context.profile === undefined
            ? {}
            : { profile: context.profile }),
    };
  };
  const once = <T extends { destroy(): void }>(make: () => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => {
      made ??= make().then((client) => {
        open.push(client);
        return client;
      });
      return made;
    };
  };
  return {
    s3: once(async () => {
      const { S3Client } = await import("@aws-sdk/client-s3");
      return new S3Client({ ...(await settings()), forcePathStyle: deployment.endpoint !== null });
    }),
    sqs: once(async () => new (await import("@aws-sdk/client-sqs")).SQSClient(await settings())),
    logs: once(async () => {
      const { CloudWatchLogsClient } = await import("@aws-sdk/client-cloudwatch-logs");
      // StartLiveTail puts `stream-` before the host, which 127.0.0.1 and emulators don't answer to.
      return new CloudWatchLogsClient({
        ...(await settings()),
        disableHostPrefix: deployment.endpoint !== null,
      });
    }),
    cloudwatch: once(async () => {
      const { CloudWatchClient } = await import("@aws-sdk/client-cloudwatch");
      return new CloudWatchClient(await settings());
    }),
    lambda: once(async () => new (await import("@aws-sdk/client-lambda")).LambdaClient(await settings())),
    sns: once(async () => new (await import("@aws-sdk/client-sns")).SNSClient(await settings())),
    events: once(async () => {
      const { EventBridgeClient } = await import("@aws-sdk/client-eventbridge");
      return new EventBridgeClient(await settings());
    }),
    kinesis: once(async () => {
      const { KinesisClient } = await import("@aws-sdk/client-kinesis");
      return new KinesisClient(await settings());
    }),
    firehose: once(async () => {
      const { FirehoseClient } = await import("@aws-sdk/client-firehose");
      return new FirehoseClient(await settings());
    }),
    dynamodb: once(async () => {
      const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
      return new DynamoDBClient(await settings());
    }),
    apiGateway: once(async () => {
      const { APIGatewayClient } = await import("@aws-sdk/client-api-gateway");
      return new APIGatewayClient(await settings());
    }),
    secretsManager: once(async () => {
      const { SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
      return new SecretsManagerClient(await settings());
    }),
    iam: once(async () => new (await import("@aws-sdk/client-iam")).IAMClient(await settings())),
    sts: once(async () => new (await import("@aws-sdk/client-sts")).STSClient(await settings())),
    tagging: once(async () => {
      const { ResourceGroupsTaggingAPIClient } = await import("@aws-sdk/client-resource-groups-tagging-api");
      return new ResourceGroupsTaggingAPIClient(await settings());
    }),
    close: () => {
      for (const client of open) client.destroy();
    },
  };
}
