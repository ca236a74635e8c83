import type { AddressBook, DatabaseAddress } from "../topology/deployment.ts";
import { answered } from "./answered.ts";
import type { Clients } from "./clients.ts";
import { mapValues } from "./map-values.ts";
import type { PipelineMetrics } from "./pipeline-metrics.ts";

export interface StreamStatus {
  name: string;
  /** `ACTIVE`, `CREATING`, `UPDATING`, `DELETING`. */
  status: string | null;
  shards: number | null;
  /** How far the slowest reader lags. */
  iteratorAgeMilliseconds: number | null;
}

export interface DeliveryStatus {
  name: string;
  /** Age of the oldest record that is not in S3 yet. */
  dataFreshnessSeconds: number | null;
}

export interface TableStatus {
  name: string;
  /** DynamoDB counts items and bytes about every six hours. */
  items: number | null;
  bytes: number | null;
}

export interface ApiStatus {
  url: string;
  apiKeyId: string;
  /** Its value, where that was asked for. */
  apiKey?: string | undefined;
  /** Of the last 24 hours. */
  requests: number | null;
  errors4xx: number | null;
  errors5xx: number | null;
}

/** What streams, deliveries, tables, APIs and databases say of themselves. */
export interface DataStatus {
  tables: Record<string, TableStatus>;
  databases: Record<string, DatabaseAddress>;
  streams: Record<string, StreamStatus>;
  deliveries: Record<string, DeliveryStatus>;
  apis: Record<string, ApiStatus>;
}

/** Reads it, from the services and from metrics already read. What is unknown is null, never 0. */
export async function dataStatus(
  clients: Clients,
  addresses: AddressBook,
  { value }: PipelineMetrics,
): Promise<DataStatus> {
  const [tables, streams] = await Promise.all([
    mapValues(addresses.tables, ({ name }) => tableStatus(clients, name)),
    mapValues(addresses.streams, async ({ name }) => ({
      ...(await streamStatus(clients, name)),
      iteratorAgeMilliseconds: value(name, "GetRecords.IteratorAgeMilliseconds"),
    })),
  ]);
  return {
    tables,
    databases: addresses.databases,
    streams,
    deliveries: await mapValues(addresses.deliveries, async ({ name }) => ({
      name,
      dataFreshnessSeconds: value(name, "DeliveryToS3.DataFreshness"),
    })),
    apis: await mapValues(addresses.apis, async (api) => ({
      ...api,
      requests: value(api.url, "Count"),
      errors4xx: value(api.url, "4XXError"),
      errors5xx: value(api.url, "5XXError"),
    })),
  };
}

async function tableStatus(clients: Clients, name: string): Promise<TableStatus> {
  const { DescribeTableCommand } = await import("@aws-sdk/client-dynamodb");
  const client = await clients.dynamodb();
  const described = await answered(client.send(new DescribeTableCommand({ TableName: name })));
  return {
    name,
    items: described?.Table?.ItemCount ?? null,
    bytes: described?.Table?.TableSizeBytes ?? null,
  };
}

async function streamStatus(clients: Clients, name: string) {
  const { DescribeStreamSummaryCommand } = await import("@aws-sdk/client-kinesis");
  const client = await clients.kinesis();
  const described = await answered(client.send(new DescribeStreamSummaryCommand({ StreamName: name })));
  const summary = described?.StreamDescriptionSummary;
  return { name, status: summary?.StreamStatus ?? null, shards: summary?.OpenShardCount ?? null };
}
