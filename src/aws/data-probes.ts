import type { Clients } from "./clients.ts";
import { callQueryApi } from "./query-api.ts";
import { repositoryExists } from "./repositories.ts";
import type { Probe } from "./things.ts";

/** How tables, streams, deliveries, APIs, secrets, repositories, databases and their networks are looked up. */
export const DATA_PROBES: Readonly<Record<string, Probe>> = {
  aws_dynamodb_table: {
    attribute: "name",
    fromArn: (service, resource) => only(service === "dynamodb", resource, "table/"),
    exists: async (clients, name) => {
      const { DescribeTableCommand } = await import("@aws-sdk/client-dynamodb");
      const { Table } = await (await clients.dynamodb()).send(new DescribeTableCommand({ TableName: name }));
      return Table?.TableStatus !== "DELETING";
    },
  },
  aws_kinesis_stream: {
    attribute: "name",
    fromArn: (service, resource) => only(service === "kinesis", resource, "stream/"),
    exists: async (clients, name) => {
      const { DescribeStreamSummaryCommand } = await import("@aws-sdk/client-kinesis");
      const { StreamDescriptionSummary } = await (await clients.kinesis()).send(
        new DescribeStreamSummaryCommand({ StreamName: name }),
      );
      return StreamDescriptionSummary?.StreamStatus !== "DELETING";
    },
  },
  aws_kinesis_firehose_delivery_stream: {
    attribute: "name",
    fromArn: (service, resource) => only(service === "firehose", resource, "deliverystream/"),
    exists: async (clients, name) => {
      const { DescribeDeliveryStreamCommand } = await import("@aws-sdk/client-firehose");
      const { DeliveryStreamDescription } = await (await clients.firehose()).send(
        new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }),
      );
      return DeliveryStreamDescription?.DeliveryStreamStatus !== "DELETING";
    },
  },
  aws_api_gateway_rest_api: {
    attribute: "id",
    fromArn: (service, resource) => only(service === "apigateway", resource, "/restapis/"),
    exists: async (clients, id) => {
      const { GetRestApiCommand } = await import("@aws-sdk/client-api-gateway");
      await (await clients.apiGateway()).send(new GetRestApiCommand({ restApiId: id }));
      return true;
    },
  },
  aws_api_gateway_api_key: {
    attribute: "id",
    fromArn: (service, resource) => only(service === "apigateway", resource, "/apikeys/"),
    exists: async (clients, id) => {
      const { GetApiKeyCommand } = await import("@aws-sdk/client-api-gateway");
      await (await clients.apiGateway()).send(new GetApiKeyCommand({ apiKey: id }));
      return true;
    },
  },
  aws_api_gateway_usage_plan: {
    attribute: "id",
    fromArn: (service, resource) => only(service === "apigateway", resource, "/usageplans/"),
    exists: async (clients, id) => {
      const { GetUsagePlanCommand } = await import("@aws-sdk/client-api-gateway");
      await (await clients.apiGateway()).send(new GetUsagePlanCommand({ usagePlanId: id }));
      return true;
    },
  },
  aws_secretsmanager_secret: {
    attribute: "name",
    // An ARN ends with six characters that the name doesn't have.
    fromArn: (service, resource) =>
      only(service === "secretsmanager", resource, "secret:")?.replace(/-[^-]{6}$/, ""),
    exists: async (clients, name) => {
      const { DescribeSecretCommand } = await import("@aws-sdk/client-secrets-manager");
      const { DeletedDate } = await (await clients.secretsManager()).send(
        new DescribeSecretCommand({ SecretId: name }),
      );
      return DeletedDate === undefined;
    },
  },
  aws_ecr_repository: {
    attribute: "name",
    fromArn: (service, resource) => only(service === "ecr", resource, "repository/"),
    exists: repositoryExists,
  },
  aws_db_instance: rds("identifier", "db:", "DescribeDBInstances", "DBInstanceIdentifier"),
  aws_db_subnet_group: rds("name", "subgrp:", "DescribeDBSubnetGroups", "DBSubnetGroupName"),
  aws_db_parameter_group: rds("name", "pg:", "DescribeDBParameterGroups", "DBParameterGroupName"),
  aws_vpc: ec2("vpc/", "DescribeVpcs", "VpcId.1"),
  aws_subnet: ec2("subnet/", "DescribeSubnets", "SubnetId.1"),
  aws_security_group: ec2("security-group/", "DescribeSecurityGroups", "GroupId.1"),
  aws_vpc_endpoint: ec2("vpc-endpoint/", "DescribeVpcEndpoints", "VpcEndpointId.1"),
};

function rds(attribute: string, start: string, Action: string, parameter: string): Probe {
  return {
    attribute,
    fromArn: (service, resource) => only(service === "rds", resource, start),
    // RDS answers with an error where there is none; emulators with an empty list.
    exists: async (clients, name) =>
      (await callQueryApi(clients, "rds", { Action, [parameter]: name })).includes(`>${name}<`),
  };
}

function ec2(start: string, Action: string, parameter: string): Probe {
  return {
    attribute: "id",
    fromArn: (service, resource) => only(service === "ec2", resource, start),
    exists: async (clients: Clients, id: string) =>
      // A deleted endpoint is described for a while.
      !/<state>delet(ed|ing)</i.test(await callQueryApi(clients, "ec2", { Action, [parameter]: id })),
  };
}

/** What follows `start`, where that is all of a resource of this service. */
function only(isService: boolean, resource: string, start: string): string | undefined {
  if (!isService || !resource.startsWith(start)) return undefined;
  const name = resource.slice(start.length);
  return /[/:]/.test(name) ? undefined : name;
}
