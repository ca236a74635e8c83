import type { Clients } from "./clients.ts";
import { DATA_PROBES } from "./data-probes.ts";

/** Where things are named: ARNs and queues need it. */
export interface AwsPlace {
  partition: string;
  region: string;
  accountId: string;
}

/** One thing in AWS by Terraform's type and the name that AWS knows it by. */
export interface Thing {
  type: string;
  name: string;
}

export interface Probe {
  /** Attribute of the Terraform resource that holds the name. */
  attribute: string;
  /** The name in an ARN's resource part, for hits of the tagging API; undefined where it is no such thing. */
  fromArn?(service: string, resource: string): string | undefined;
  /** Asks AWS itself. May throw the service's "not found". */
  exists(clients: Clients, name: string, place: AwsPlace): Promise<boolean>;
}

/** How each kind is looked up by name, one cheap read call each. */
const PROBES: Readonly<Record<string, Probe>> = {
  ...DATA_PROBES,
  aws_s3_bucket: {
    attribute: "bucket",
    fromArn: (service, resource) => (service === "s3" ? resource : undefined),
    exists: async (clients, name) => {
      const { HeadBucketCommand } = await import("@aws-sdk/client-s3");
      await (await clients.s3()).send(new HeadBucketCommand({ Bucket: name }));
      return true;
    },
  },
  aws_sqs_queue: {
    attribute: "name",
    fromArn: (service, resource) => (service === "sqs" ? resource : undefined),
    exists: async (clients, name) => {
      const { GetQueueUrlCommand } = await import("@aws-sdk/client-sqs");
      await (await clients.sqs()).send(new GetQueueUrlCommand({ QueueName: name }));
      return true;
    },
  },
  aws_sns_topic: {
    attribute: "name",
    fromArn: (service, resource) => (service === "sns" && !resource.includes(":") ? resource : undefined),
    exists: async (clients, name, { partition, region, accountId }) => {
      const { GetTopicAttributesCommand } = await import("@aws-sdk/client-sns");
      const TopicArn = `arn:${partition}:sns:${region}:${accountId}:${name}`;
      await (await clients.sns()).send(new GetTopicAttributesCommand({ TopicArn }));
      return true;
    },
  },
  aws_cloudwatch_event_rule: {
    attribute: "name",
    fromArn: (service, resource) => (service === "events" ? after(resource, "rule/") : undefined),
    exists: async (clients, name) => {
      const { DescribeRuleCommand } = await import("@aws-sdk/client-eventbridge");
      await (await clients.events()).send(new DescribeRuleCommand({ Name: name }));
      return true;
    },
  },
  aws_lambda_function: {
    attribute: "function_name",
    fromArn: (service, resource) => (service === "lambda" ? after(resource, "function:") : undefined),
    exists: async (clients, name) => {
      const { GetFunctionConfigurationCommand } = await import("@aws-sdk/client-lambda");
      await (await clients.lambda()).send(new GetFunctionConfigurationCommand({ FunctionName: name }));
      return true;
    },
  },
  aws_lambda_event_source_mapping: {
    attribute: "uuid",
    fromArn: (service, resource) =>
      service === "lambda" ? after(resource, "event-source-mapping:") : undefined,
    exists: async (clients, name) => {
      const { GetEventSourceMappingCommand } = await import("@aws-sdk/client-lambda");
      await (await clients.lambda()).send(new GetEventSourceMappingCommand({ UUID: name }));
      return true;
    },
  },
  aws_cloudwatch_log_group: {
    attribute: "name",
    fromArn: (service, resource) =>
      service === "logs" ? after(resource, "log-group:")?.replace(/:\*$/, "") : undefined,
    exists: async (clients, name) => {
      const { DescribeLogGroupsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
      const { logGroups = [] } = await (await clients.logs()).send(
        new DescribeLogGroupsCommand({ logGroupNamePrefix: name }),
      );
      return logGroups.some(({ logGroupName }) => logGroupName === name);
    },
  },
  aws_iam_role: {
    attribute: "name",
    exists: async (clients, name) => {
      const { GetRoleCommand } = await import("@aws-sdk/client-iam");
      await (await clients.iam()).send(new GetRoleCommand({ RoleName: name }));
      return true;
    },
  },
  aws_cloudwatch_metric_alarm: {
    attribute: "alarm_name",
    fromArn: (service, resource) => (service === "cloudwatch" ? after(resource, "alarm:") : undefined),
    exists: async (clients, name) => {
      const { DescribeAlarmsCommand } = await import("@aws-sdk/client-cloudwatch");
      const { MetricAlarms = [] } = await (await clients.cloudwatch()).send(
        new DescribeAlarmsCommand({ AlarmNames: [name] }),
      );
      return MetricAlarms.length > 0;
    },
  },
  aws_cloudwatch_dashboard: {
    attribute: "dashboard_name",
    exists: async (clients, name) => {
      const { GetDashboardCommand } = await import("@aws-sdk/client-cloudwatch");
      await (await clients.cloudwatch()).send(new GetDashboardCommand({ DashboardName: name }));
      return true;
    },
  },
};

/** The thing that a Terraform resource stands for; undefined for one that ends with another (a policy, a subscription). */
export function thingOf(type: string, attributes: Record<string, unknown> | null): Thing | undefined {
  const name = attributes?.[PROBES[type]?.attribute ?? ""];
  return typeof name === "string" ? { type, name } : undefined;
}

/** The thing that an ARN names, where edp can look it up. */
export function thingOfArn(arn: string): Thing | undefined {
  const [, , service = "", , , ...rest] = arn.split(":");
  for (const [type, { fromArn }] of Object.entries(PROBES)) {
    const name = fromArn?.(service, rest.join(":"));
    if (name) return { type, name };
  }
  return undefined;
}

/** Error names and codes by which the services say "no such thing". */
const NOT_FOUND = /NotFound|NoSuch|DoesNotExist|NonExistent|NotExist/;

/**
 * Whether a thing exists, asked of its own service. Null when that can't be told (no permission, or the emulator
 * lacks the call). A bucket of somebody else (403) exists.
 */
export async function exists(clients: Clients, thing: Thing, place: AwsPlace): Promise<boolean | null> {
  try {
    return (await PROBES[thing.type]?.exists(clients, thing.name, place)) ?? null;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    if ($metadata === undefined) throw error;
    if (NOT_FOUND.test(name) || $metadata.httpStatusCode === 404) return false;
    if (thing.type === "aws_s3_bucket" && $metadata.httpStatusCode === 403) return true;
    return null;
  }
}

function after(text: string, start: string): string | undefined {
  return text.startsWith(start) ? text.slice(start.length) : undefined;
}
