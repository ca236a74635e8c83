import type { Pipeline } from "./types.ts";

/**
 * A deployed environment: each pipeline's declaration and its address book. Local and AWS give the same
 * type; tail, status, ingest and replay see nothing else.
 */
export interface Deployment {
  env: string;
  /** `http://127.0.0.1:PORT` for the local engine, an emulator's URL, or null for AWS itself. */
  endpoint: string | null;
  region: string;
  accountId: string;
  pipelines: Record<string, DeployedPipeline>;
}

export interface DeployedPipeline {
  topology: Pipeline;
  addresses: AddressBook;
}

/** The address book of one pipeline, as `deploy --json` and `status --json` print it. */
export interface AddressBook {
  buckets: Record<string, { name: string }>;
  topics: Record<string, { arn: string }>;
  queues: Record<string, { url: string; dlqUrl: string }>;
  tables: Record<string, { name: string }>;
  databases: Record<string, DatabaseAddress>;
  streams: Record<string, { name: string }>;
  deliveries: Record<string, { name: string }>;
  functions: Record<string, { name: string; logGroup: string }>;
  /** `url` is the base with the stage and without a slash at its end: `POST {url}/events`. */
  apis: Record<
    string,
    { url: string; apiKeyId: string /** Only where it was asked for. */; apiKey?: string | undefined }
  >;
  /** The queue for what EventBridge and SNS could not deliver. */
  undelivered: { url: string };
}

export interface DatabaseAddress {
  /** On the local engine the server starts at its first use; until then nothing answers there. */
  host: string | null;
  port: number | null;
  /** Of the database in the server. */
  name: string;
  /** Secrets Manager secret, JSON `{"username", "password"}`. */
  secretArn: string;
}
