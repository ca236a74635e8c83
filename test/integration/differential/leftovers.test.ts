import { CreateRestApiCommand } from "@aws-sdk/client-api-gateway";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { CreateDeliveryStreamCommand } from "@aws-sdk/client-firehose";
import { CreateStreamCommand } from "@aws-sdk/client-kinesis";
import { CreateSecretCommand, DeleteSecretCommand } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clients, createClients } from "../../../src/aws/clients.ts";
import { findLeftovers } from "../../../src/aws/leftovers.ts";
import { callQueryApi } from "../../../src/aws/query-api.ts";
import { createRepository, findImage, registryLogin, repositoryTags } from "../../../src/aws/repositories.ts";
import { thingOfArn } from "../../../src/aws/things.ts";
import { testContext } from "../../support/context.ts";
import { type Moto, motoAvailable, startMoto } from "../../support/moto.ts";

const PLACE = { partition: "aws", region: "us-east-1", accountId: "123456789012" };
const TAGS = { project: "edp", env: "dev" };

describe.skipIf(!motoAvailable())("what is left after a destroy", () => {
  let moto: Moto;
  let clients: Clients;
  let apiId: string;
  let vpc: string;

  beforeAll(async () => {
    moto = await startMoto();
    const place = { env: "dev", endpoint: moto.endpoint, region: PLACE.region };
    clients = createClients(place, testContext("/nowhere", { env: "dev" }));
    await (await clients.dynamodb()).send(
      new CreateTableCommand({
        TableName: "customers",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
        Tags: Object.entries(TAGS).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
    await (await clients.kinesis()).send(new CreateStreamCommand({ StreamName: "events", ShardCount: 1 }));
    await (await clients.firehose()).send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: "events",
        ExtendedS3DestinationConfiguration: {
          RoleARN: "arn:aws:iam::123456789012:role/r",
          BucketARN: "arn:aws:s3:::lake",
        },
      }),
    );
    ({ id: apiId = "" } = await (await clients.apiGateway()).send(new CreateRestApiCommand({ name: "a" })));
    const secrets = await clients.secretsManager();
    for (const Name of ["kept", "dropped"]) {
      await secrets.send(new CreateSecretCommand({ Name, SecretString: "{}" }));
    }
    await secrets.send(new DeleteSecretCommand({ SecretId: "dropped" }));
    await createRepository(clients, "worker", TAGS);
    await callQueryApi(clients, "rds", {
      Action: "CreateDBInstance",
      DBInstanceIdentifier: "analytics",
      DBInstanceClass: "db.t4g.small",
      Engine: "postgres",
      AllocatedStorage: "20",
      MasterUsername: "edp",
      MasterUserPassword: "generated-for-a-test",
    });
    const made = await callQueryApi(clients, "ec2", { Action: "CreateVpc", CidrBlock: "10.0.0.0/16" });
    vpc = /<vpcId>([^<]+)</.exec(made)?.[1] ?? "";
  });
  afterAll(async () => {
    clients.close();
    await moto.stop();
  });

  it("is found by name, each by its own service; what is gone is not, a secret that waits for its end neither", async () => {
    const there = [
      { type: "aws_kinesis_stream", name: "events" },
      { type: "aws_kinesis_firehose_delivery_stream", name: "events" },
      { type: "aws_api_gateway_rest_api", name: apiId },
      { type: "aws_secretsmanager_secret", name: "kept" },
      { type: "aws_ecr_repository", name: "worker" },
      { type: "aws_db_instance", name: "analytics" },
      { type: "aws_vpc", name: vpc },
    ];
    const gone = [
      { type: "aws_dynamodb_table", name: "gone" },
      { type: "aws_kinesis_stream", name: "gone" },
      { type: "aws_kinesis_firehose_delivery_stream", name: "gone" },
      { type: "aws_api_gateway_rest_api", name: "gone" },
      { type: "aws_api_gateway_api_key", name: "gone" },
      { type: "aws_api_gateway_usage_plan", name: "gone" },
      { type: "aws_secretsmanager_secret", name: "gone" },
      { type: "aws_secretsmanager_secret", name: "dropped" },
      { type: "aws_ecr_repository", name: "gone" },
      { type: "aws_db_instance", name: "gone" },
      { type: "aws_db_subnet_group", name: "gone" },
      { type: "aws_vpc", name: "vpc-00000000" },
      { type: "aws_subnet", name: "subnet-00000000" },
      { type: "aws_security_group", name: "sg-00000000" },
      { type: "aws_vpc_endpoint", name: "vpce-00000000" },
    ];
    const { found, unknown } = await findLeftovers(clients, PLACE, TAGS, [...there, ...gone]);
    expect(unknown).toEqual([]);
    expect(found).toEqual([...there, { type: "aws_dynamodb_table", name: "customers" }]);
  });
});

describe.skipIf(!motoAvailable())("repositories", () => {
  it("are made with their tags once, looked into, and signed in to", async () => {
    const moto = await startMoto();
    const place = { env: "dev", endpoint: moto.endpoint, region: PLACE.region };
    const clients = createClients(place, testContext("/nowhere", { env: "dev" }));
    try {
      expect(await findImage(clients, "worker", "1")).toBe("no-repository");
      expect(await createRepository(clients, "worker", TAGS)).toBe(true);
      expect(await createRepository(clients, "worker", {})).toBe(false);
      expect(await repositoryTags(clients, "worker")).toEqual(TAGS);
      expect(await findImage(clients, "worker", "1")).toBe("missing");
      expect(await registryLogin(clients)).toEqual({
        registry: "123456789012.dkr.ecr.us-east-1.amazonaws.com",
        username: "AWS",
        password: "123456789012-auth-token",
      });
    } finally {
      clients.close();
      await moto.stop();
    }
  });
});

describe("a thing that bears a tag", () => {
  it.each([
    ["dynamodb:eu-west-1:1:table/p-customers", "aws_dynamodb_table p-customers"],
    ["kinesis:eu-west-1:1:stream/p-events", "aws_kinesis_stream p-events"],
    ["firehose:eu-west-1:1:deliverystream/p-events", "aws_kinesis_firehose_delivery_stream p-events"],
    ["apigateway:eu-west-1::/restapis/abc123", "aws_api_gateway_rest_api abc123"],
    ["apigateway:eu-west-1::/restapis/abc123/stages/v1", undefined],
    ["apigateway:eu-west-1::/apikeys/k1", "aws_api_gateway_api_key k1"],
    ["apigateway:eu-west-1::/usageplans/u1", "aws_api_gateway_usage_plan u1"],
    ["secretsmanager:eu-west-1:1:secret:p-analytics-AbCdEf", "aws_secretsmanager_secret p-analytics"],
    ["ecr:eu-west-1:1:repository/p-worker", "aws_ecr_repository p-worker"],
    ["rds:eu-west-1:1:db:p-analytics", "aws_db_instance p-analytics"],
    ["rds:eu-west-1:1:subgrp:p-analytics", "aws_db_subnet_group p-analytics"],
    ["ec2:eu-west-1:1:vpc-endpoint/vpce-1", "aws_vpc_endpoint vpce-1"],
    ["ec2:eu-west-1:1:vpc/vpc-1", "aws_vpc vpc-1"],
  ])("is known by its ARN: %s", (rest, expected) => {
    const thing = thingOfArn(`arn:aws:${rest}`);
    expect(thing && `${thing.type} ${thing.name}`).toBe(expected);
  });
});
