import type { AddressBook } from "../../topology/deployment.ts";
import type { Pipeline } from "../../topology/types.ts";
import { apiKeyId, apiUrl } from "../apigateway/declaration.ts";
import type { DatabasePlace } from "../postgres/service.ts";
import { LOCAL_ACCOUNT } from "../service.ts";
import { arn, declare, nameOf } from "./site.ts";

/**
 * The address book of a pipeline on the engine at `endpoint`.
 * @param database where a database is, by its physical name
 */
export function addressBook(
  pipeline: Pipeline,
  project: string,
  endpoint: string,
  database: (name: string) => DatabasePlace | null,
): AddressBook {
  const { names } = declare(pipeline, project);
  const queueUrl = (name: string) => `${endpoint}/${LOCAL_ACCOUNT}/${name}`;
  const named = (kind: "buckets" | "tables" | "streams" | "deliveries") =>
    map<object, { name: string }>(pipeline[kind], (key) => ({ name: nameOf(names[kind], key) }));
  return {
    buckets: named("buckets"),
    topics: map(pipeline.topics, (key) => ({ arn: arn("sns", nameOf(names.topics, key)) })),
    queues: map(pipeline.queues, (key) => ({
      url: queueUrl(nameOf(names.queues, key)),
      dlqUrl: queueUrl(nameOf(names.dlqs, key)),
    })),
    tables: named("tables"),
    databases: map(pipeline.databases, (key) => {
      const name = nameOf(names.databases, key);
      const { host = null, port = null, name: inServer = key } = database(name) ?? {};
      return { host, port, name: inServer, secretArn: arn("secretsmanager", `secret:${name}`) };
    }),
    streams: named("streams"),
    deliveries: named("deliveries"),
    functions: map(pipeline.functions, (key) => {
      const name = nameOf(names.functions, key);
      return { name, logGroup: `/aws/lambda/${name}` };
    }),
    apis: map(pipeline.apis, (key, { stage }) => {
      const name = nameOf(names.apis, key);
      return { url: apiUrl(endpoint, name, stage), apiKeyId: apiKeyId(name) };
    }),
    undelivered: { url: queueUrl(names.undelivered) },
  };
}

function map<T, R>(things: Record<string, T>, make: (key: string, thing: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(things).map(([key, thing]) => [key, make(key, thing)]));
}
