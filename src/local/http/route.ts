import type { IncomingHttpHeaders } from "node:http";
import { invokeAddress } from "../apigateway/invoke-address.ts";

/** The services of the engine, by the name in a signature's scope. */
export type ServiceName =
  | "s3"
  | "sqs"
  | "sns"
  | "events"
  | "lambda"
  | "logs"
  | "monitoring"
  | "sts"
  | "apigateway"
  | "execute-api"
  | "kinesis"
  | "firehose"
  | "dynamodb"
  | "secretsmanager";

/** X-Amz-Target prefixes of the JSON protocols. */
const TARGETS: Record<string, ServiceName> = {
  AmazonSQS: "sqs",
  AWSEvents: "events",
  Logs_20140328: "logs",
  GraniteServiceVersion20100801: "monitoring",
  Kinesis_20131202: "kinesis",
  Firehose_20150804: "firehose",
  DynamoDB_20120810: "dynamodb",
  secretsmanager: "secretsmanager",
};

const SCOPES: Record<string, ServiceName> = {
  s3: "s3",
  s3express: "s3",
  sqs: "sqs",
  sns: "sns",
  events: "events",
  lambda: "lambda",
  logs: "logs",
  monitoring: "monitoring",
  sts: "sts",
  apigateway: "apigateway",
  "execute-api": "execute-api",
  kinesis: "kinesis",
  firehose: "firehose",
  dynamodb: "dynamodb",
  secretsmanager: "secretsmanager",
};

const CREDENTIAL = /Credential=[^/,\s]+\/\d{8}\/[^/]+\/([a-z0-9-]+)\/aws4_request/;
const LAMBDA_PATH = /^\/\d{4}-\d{2}-\d{2}\/(functions|event-source-mappings)/;

/**
 * Decides which service a request is for: by target header, then the service in the signature's scope
 * (header or presigned query), then the path, then the host. What says nothing is S3, as an anonymous GET is;
 * what names another service of AWS is that, in the words of the scope or the target: `dynamodb`.
 */
export function route(
  headers: IncomingHttpHeaders,
  path: string,
  query: URLSearchParams,
): ServiceName | (string & {}) {
  const target = headers["x-amz-target"];
  const prefix = typeof target === "string" ? target.split(".")[0] : undefined;
  const targeted = TARGETS[prefix ?? ""];
  if (targeted) return targeted;
  const scope =
    CREDENTIAL.exec(headers.authorization ?? "")?.[1] ?? query.get("X-Amz-Credential")?.split("/")[3];
  const named = scope ?? prefix;
  if (named) return SCOPES[named] ?? named;
  if (invokeAddress(headers, path)) return "execute-api";
  if (LAMBDA_PATH.test(path)) return "lambda";
  const host = headers.host ?? "";
  for (const [name, service] of Object.entries(SCOPES)) if (host.startsWith(`${name}.`)) return service;
  return "s3";
}
