import { APIGatewayClient, CreateApiKeyCommand, CreateRestApiCommand } from "@aws-sdk/client-api-gateway";
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateStreamCommand, KinesisClient } from "@aws-sdk/client-kinesis";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withApiKeys } from "../../../src/aws/rest-apis.ts";
import { collectStatus } from "../../../src/aws/status.ts";
import type { AddressBook, Deployment } from "../../../src/topology/deployment.ts";
import { testContext } from "../../support/context.ts";
import { type Moto, motoAvailable, startMoto } from "../../support/moto.ts";
import { clientSettings } from "../../support/services.ts";
import { NO_ADDRESSES } from "../../support/topology-fixtures.ts";

describe.skipIf(!motoAvailable())("the status of streams, tables, APIs and databases", () => {
  const KEY_VALUE = "a-value-of-at-least-20-characters";
  let moto: Moto;
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
    const kinesis = new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler() });
    await kinesis.send(new CreateStreamCommand({ StreamName: "events", ShardCount: 3 }));
    const dynamodb = new DynamoDBClient(settings);
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

  it("is what the services say; what is gone or has no metrics is null, and no secret is in it", async () => {
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

  it("has the value of an API key where that was asked for", async () => {
    const shown = await withApiKeys(deployment(), { shop: addresses }, context);
    expect(shown.shop?.apis.store?.apiKey).toBe(KEY_VALUE);
  });
});
