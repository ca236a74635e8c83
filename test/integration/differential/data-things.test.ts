import { APIGatewayClient, CreateApiKeyCommand, CreateRestApiCommand } from "@aws-sdk/client-api-gateway";
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateStreamCommand, KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { countLoss, deployedData, describeLoss } from "../../../src/aws/loss.ts";
import { withApiKeys } from "../../../src/aws/rest-apis.ts";
import { collectStatus } from "../../../src/aws/status.ts";
import type { Context } from "../../../src/context.ts";
import { Purge } from "../../../src/purge/purge.ts";
import type { AddressBook, Deployment } from "../../../src/topology/deployment.ts";
import { testContext } from "../../support/context.ts";
import { type Moto, motoAvailable, startMoto } from "../../support/moto.ts";
import { clientSettings } from "../../support/services.ts";
import { NO_ADDRESSES } from "../../support/topology-fixtures.ts";

describe.skipIf(!motoAvailable())("streams, tables, APIs and databases", () => {
  const KEY_VALUE = "a-value-of-at-least-20-characters";
  let moto: Moto;
  let kinesis: KinesisClient;
  let dynamodb: DynamoDBClient;
  let addresses: AddressBook;
  const context = testContext("/nowhere", { env: "dev" });
  const deployment = (): Deployment => ({
    env: "dev",
    endpoint: moto.endpoint,
    region: "us-east-1",
    accountId: "123456789012",
    pipelines: { shop: { topology: {} as never, addresses } },
  });

  beforeAll(async () => {
    moto = await startMoto();
    const settings = clientSettings(moto.endpoint);
    kinesis = new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler() });
    await kinesis.send(new CreateStreamCommand({ StreamName: "events", ShardCount: 3 }));
    dynamodb = new DynamoDBClient(settings);
    await dynamodb.send(
      new CreateTableCommand({
        TableName: "customers",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    for (const id of ["1", "2"]) {
      await dynamodb.send(new PutItemCommand({ TableName: "customers", Item: { id: { S: id } } }));
    }
    const gateway = new APIGatewayClient(settings);
    const { id } = await gateway.send(new CreateRestApiCommand({ name: "store" }));
    const key = await gateway.send(
      new CreateApiKeyCommand({ name: "store", value: KEY_VALUE, enabled: true }),
    );
    const { QueueUrl = "" } = await new SQSClient(settings).send(
      new CreateQueueCommand({ QueueName: "undelivered" }),
    );
    addresses = {
      ...NO_ADDRESSES,
      tables: { customers: { name: "customers" }, gone: { name: "gone" } },
      databases: { analytics: { host: "db.internal", port: 5432, name: "analytics", secretArn: "arn:s" } },
      streams: { events: { name: "events" }, gone: { name: "gone" } },
      deliveries: { events: { name: "events" } },
      apis: {
        store: {
          url: `${moto.endpoint}/restapis/${id}/v1/_user_request_`,
          apiKeyId: key.id ?? "",
        },
      },
      undelivered: { url: QueueUrl },
    };
  });
  afterAll(() => moto.stop());

  it("have the status that the services say; what is gone or has no metrics is null, and no secret is in it", async () => {
    const { pipelines } = await collectStatus(deployment(), context);
    expect(pipelines.shop).toMatchObject({
      tables: {
        customers: { name: "customers", items: 2, bytes: expect.any(Number) },
        gone: { name: "gone", items: null, bytes: null },
      },
      databases: { analytics: { host: "db.internal", port: 5432, name: "analytics" } },
      streams: {
        events: { name: "events", status: "ACTIVE", shards: 3, iteratorAgeMilliseconds: null },
        gone: { name: "gone", status: null, shards: null, iteratorAgeMilliseconds: null },
      },
      deliveries: { events: { name: "events", dataFreshnessSeconds: null } },
      apis: { store: { requests: null, errors4xx: null, errors5xx: null } },
    });
    expect(JSON.stringify(pipelines)).not.toContain(KEY_VALUE);
  });

  it("show the value of an API key where that was asked for", async () => {
    const shown = await withApiKeys(deployment(), { shop: addresses }, context);
    expect(shown.shop?.apis.store?.apiKey).toBe(KEY_VALUE);
  });

  it("are counted before they are lost: items one by one, an empty stream as such, others not at all", async () => {
    const losses = () => countAll(deployment(), context);
    expect(await losses()).toEqual([
      { kind: "queue", name: "undelivered", count: 0, versions: null, bytes: null, atLeast: false },
      { kind: "table", name: "customers", count: 2, versions: null, bytes: null, atLeast: false },
      { kind: "stream", name: "events", count: 0, versions: null, bytes: null, atLeast: false },
      { kind: "database", name: "analytics", count: null, versions: null, bytes: null, atLeast: false },
    ]);
    await kinesis.send(
      new PutRecordCommand({ StreamName: "events", PartitionKey: "p", Data: new Uint8Array([1]) }),
    );
    expect((await losses()).find(({ kind }) => kind === "stream")?.count).toBeNull();
    expect(describeLoss(await losses())).toBe(
      "0 objects, 0 messages and 2 items, and what is in the stream events and the database analytics, which can't be counted",
    );
  });

  it("are purged as far as they can be: tables are empty, streams and databases are named", async () => {
    for (let id = 3; id <= 60; id++) {
      await dynamodb.send(new PutItemCommand({ TableName: "customers", Item: { id: { S: String(id) } } }));
    }
    const purge = new Purge(deployment(), [], context);
    const counted = await purge.count();
    const result = await purge.run(counted);
    expect(result.deletedItems).toBe(60);
    expect(result.kept).toEqual([
      { pipeline: "shop", kind: "stream", name: "events" },
      { pipeline: "shop", kind: "stream", name: "gone" },
      { pipeline: "shop", kind: "database", name: "analytics" },
    ]);
    expect((await purge.count()).map(({ count }) => count)).toEqual([0, 0]);
    purge.close();
  });
});

async function countAll(deployment: Deployment, context: Context) {
  const clients = createClients(deployment, context);
  try {
    return await countLoss(clients, deployedData(deployment, []));
  } finally {
    clients.close();
  }
}
