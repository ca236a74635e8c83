import type { Packaging } from "../build/packaging.ts";
import type { Kind, Pipeline } from "../topology/types.ts";
import { APIGATEWAY_TYPES } from "./apis.ts";
import { RDS_TYPES, SECRETS_TYPES } from "./databases.ts";
import { IAM_TYPES, LAMBDA_TYPES } from "./functions.ts";
import type { Grants } from "./grant.ts";
import { ECR_TYPES } from "./images.ts";
import { KMS_TYPES } from "./kms.ts";
import { EVENTS_TYPES, SNS_TYPES, SQS_TYPES } from "./messaging.ts";
import { EC2_TYPES } from "./network.ts";
import { CLOUDWATCH_TYPES, LOGS_TYPES } from "./observability.ts";
import { S3_TYPES } from "./s3.ts";
import { FIREHOSE_TYPES, KINESIS_TYPES } from "./streams.ts";
import { DYNAMODB_TYPES } from "./tables.ts";

/** What the AWS provider needs to create, read, update and delete each resource type that edp's HCL uses. */
export const RESOURCE_TYPES: Readonly<Record<string, Grants>> = {
  ...S3_TYPES,
  ...EVENTS_TYPES,
  ...SNS_TYPES,
  ...SQS_TYPES,
  ...DYNAMODB_TYPES,
  ...KINESIS_TYPES,
  ...FIREHOSE_TYPES,
  ...EC2_TYPES,
  ...RDS_TYPES,
  ...SECRETS_TYPES,
  ...LAMBDA_TYPES,
  ...ECR_TYPES,
  ...APIGATEWAY_TYPES,
  ...IAM_TYPES,
  ...LOGS_TYPES,
  ...CLOUDWATCH_TYPES,
  ...KMS_TYPES,
};

/** Resource types by module of terraform/modules; a test holds them to the HCL. */
export const MODULE_TYPES: Readonly<Record<string, readonly string[]>> = {
  bucket: Object.keys(S3_TYPES),
  rule: ["aws_cloudwatch_event_rule"],
  topic: [
    "aws_sns_topic",
    "aws_sns_topic_policy",
    "aws_sns_topic_subscription",
    "aws_cloudwatch_event_target",
  ],
  queue: ["aws_sqs_queue", "aws_sns_topic_subscription"],
  undelivered: ["aws_sqs_queue"],
  table: ["aws_dynamodb_table"],
  stream: ["aws_kinesis_stream"],
  network: Object.keys(EC2_TYPES),
  database: [
    ...Object.keys(RDS_TYPES),
    "aws_cloudwatch_log_group",
    "aws_security_group",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
  ],
  "external-database": Object.keys(SECRETS_TYPES),
  delivery: [
    "aws_kinesis_firehose_delivery_stream",
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_log_stream",
    "aws_iam_role",
    "aws_iam_role_policy",
  ],
  function: [
    "aws_cloudwatch_log_group",
    "aws_lambda_function",
    "aws_lambda_event_source_mapping",
    "aws_iam_role",
    "aws_iam_role_policy",
  ],
  repository: Object.keys(ECR_TYPES),
  api: [...Object.keys(APIGATEWAY_TYPES), "aws_cloudwatch_log_group", "aws_lambda_permission"],
  key: Object.keys(KMS_TYPES),
  alarms: [
    "aws_cloudwatch_metric_alarm",
    "aws_sns_topic",
    "aws_sns_topic_policy",
    "aws_sns_topic_subscription",
  ],
  dashboard: ["aws_cloudwatch_dashboard"],
};

/** The modules that make the things of a kind. */
const KIND_MODULES: Record<Kind, readonly string[]> = {
  buckets: ["bucket"],
  rules: ["rule"],
  topics: ["topic"],
  queues: ["queue"],
  tables: ["table"],
  databases: ["network", "database", "external-database"],
  streams: ["stream"],
  deliveries: ["delivery"],
  functions: ["function"],
  apis: ["api"],
};

/** Modules that every environment has, whatever its pipelines are. */
const ALWAYS = ["undelivered", "key", "alarms", "dashboard"];

/** The resource types that these pipelines become, their functions as zips or as images. */
export function resourceTypes(pipelines: readonly Pipeline[], packaging: Packaging): Set<string> {
  const kinds = Object.entries(KIND_MODULES).filter(([kind]) =>
    pipelines.some((pipeline) => Object.keys(pipeline[kind as Kind]).length > 0),
  );
  const images = packaging === "image" ? ["repository"] : [];
  const modules = [...kinds.flatMap(([, made]) => made), ...images, ...ALWAYS];
  return new Set(modules.flatMap((module) => MODULE_TYPES[module] ?? []));
}
