import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import { processBatch } from "../../src/lambda/partner/process/batch.ts";
import type { RunReport } from "../../src/lambda/partner/process/report.ts";
import { clientSettings } from "./services.ts";

/** What a message of the queue `messages` says. */
export interface Sent {
  messageId: string;
  version: number;
  date: string;
  body: string;
}

/** Thrown in place of an answer: the process is dead from here on. */
class Crash extends Error {}

const WRITES = /^(Put|Send|Update|TransactWrite|Upload|Create|Complete|Delete|Abort)/;

/** The function `process` in this process, on things of its own at an endpoint, and what it is given and gives. */
export class PartnerStage {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly environment;
  /** Writes since the last `crashAt`. */
  writes = 0;
  log: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  #crashAt = Number.POSITIVE_INFINITY;
  #dead = false;
  #requests = 0;

  private constructor(endpoint: string, queues: { messagesUrl: string; dlqUrl: string }, name: string) {
    const settings = clientSettings(endpoint);
    this.s3 = new S3Client(settings);
    this.sqs = new SQSClient(settings);
    this.dynamodb = new DynamoDBClient(settings);
    for (const client of [this.s3, this.sqs, this.dynamodb]) this.#watch(client);
    this.environment = {
      uploads: `uploads-${name}`,
      reports: `reports-${name}`,
      customers: `customers-${name}`,
      endpointUrl: endpoint,
      ...queues,
    };
  }

  static async open(endpoint: string, name: string): Promise<PartnerStage> {
    const sqs = new SQSClient(clientSettings(endpoint));
    const urlOf = async (QueueName: string) =>
      (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? "";
    const queues = {
      messagesUrl: await urlOf(`messages-${name}`),
      dlqUrl: await urlOf(`arrived-dlq-${name}`),
    };
    sqs.destroy();
    const stage = new PartnerStage(endpoint, queues, name);
    const { uploads, reports, customers } = stage.environment;
    for (const Bucket of [uploads, reports]) {
      await stage.s3.send(new CreateBucketCommand({ Bucket }));
      const VersioningConfiguration = { Status: "Enabled" } as const;
      await stage.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    }
    await stage.dynamodb.send(
      new CreateTableCommand({
        TableName: customers,
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    return stage;
  }

  close(): void {
    for (const client of [this.s3, this.sqs, this.dynamodb]) client.destroy();
  }

  /** Uploads a file and returns the queue message that tells of it. */
  async upload(key: string, body: string | Buffer): Promise<SQSRecord> {
    const { uploads } = this.environment;
    const { VersionId, ETag } = await this.s3.send(
      new PutObjectCommand({ Bucket: uploads, Key: key, Body: body }),
    );
    // As S3 encodes keys: form-encoded, with slashes as they are.
    const encoded = encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/");
    const object = { key: encoded, size: body.length, eTag: ETag, versionId: VersionId };
    const event = {
      eventName: "ObjectCreated:Put",
      eventTime: new Date().toISOString(),
      s3: { bucket: { name: uploads }, object },
    };
    return this.message(JSON.stringify({ Records: [event] }));
  }

  message(body: string): SQSRecord {
    const messageId = `message-${++this.#requests}`;
    return { messageId, body, attributes: {}, messageAttributes: {} } as unknown as SQSRecord;
  }

  /** Gives a message to the function. Returns whether it is done with it. */
  async give(record: SQSRecord): Promise<boolean> {
    const answer = await processBatch([record], {
      s3: this.s3,
      sqs: this.sqs,
      dynamodb: this.dynamodb,
      environment: this.environment,
      log: (level, message, fields = {}) => this.log.push({ level, message, fields }),
      requestId: `request-${++this.#requests}`,
      functionName: "process",
      now: Date.now,
      remainingMs: () => 60_000,
      signal: new AbortController().signal,
    });
    return answer.batchItemFailures.length === 0;
  }

  /** From now on the nth write is the last thing that happens, until `revive`. */
  crashAt(write: number): void {
    this.writes = 0;
    this.#crashAt = write;
  }

  /** Lets requests through again. Returns whether there was a crash. */
  revive(): boolean {
    const dead = this.#dead;
    this.#dead = false;
    this.#crashAt = Number.POSITIVE_INFINITY;
    return dead;
  }

  /** Takes every message out of a queue. */
  async take(queueUrl = this.environment.messagesUrl): Promise<Message[]> {
    const all: Message[] = [];
    for (;;) {
      const { Messages = [] } = await this.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ["All"],
          VisibilityTimeout: 60,
        }),
      );
      if (Messages.length === 0) return all;
      all.push(...Messages);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    }
  }

  async sent(): Promise<Sent[]> {
    return (await this.take()).map(({ Body = "", MessageAttributes: attributes }) => ({
      messageId: attributes?.messageId?.StringValue ?? "",
      version: Number(attributes?.version?.StringValue),
      date: attributes?.date?.StringValue ?? "",
      body: Body,
    }));
  }

  /** Rows of the table, customers' only unless `all`. */
  async rows(all = false) {
    const { Items = [] } = await this.dynamodb.send(
      new ScanCommand({ TableName: this.environment.customers }),
    );
    return all ? Items : Items.filter(({ customer_reference }) => customer_reference);
  }

  async reports(): Promise<RunReport[]> {
    const Bucket = this.environment.reports;
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket, Prefix: "runs/" }));
    return Promise.all(Contents.map(async ({ Key = "" }) => JSON.parse(await this.text(Key)) as RunReport));
  }

  async text(key: string): Promise<string> {
    const found = await this.s3.send(new GetObjectCommand({ Bucket: this.environment.reports, Key: key }));
    return (await found.Body?.transformToString()) ?? "";
  }

  #watch(client: S3Client | SQSClient | DynamoDBClient): void {
    // A middleware of the outermost step: the SDK's retries are inside.
    (client as SQSClient).middlewareStack.add(
      (next, { commandName = "" }) =>
        async (args) => {
          if (this.#dead) throw new Crash("the process is dead");
          const answer = await next(args);
          if (!WRITES.test(commandName) || ++this.writes < this.#crashAt) return answer;
          this.#dead = true;
          throw new Crash(`crashed after ${commandName}`);
        },
      { step: "initialize" },
    );
  }
}
