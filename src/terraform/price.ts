import type { Attributes, PlannedResource } from "./plan.ts";

/** Hours of a month as AWS' own calculator takes them. */
const HOURS = 730;

/** What exists costs this much a month, used or not: USD, list price of us-east-1. Prices change, see `source`. */
interface FixedPrice {
  /** What one is called in the estimate; several take an s. */
  name(values: Attributes): string;
  /** null where edp doesn't know it. */
  usd(values: Attributes): number | null;
  source: string;
}

const CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/";

/** USD an hour of a PostgreSQL instance in one zone: https://aws.amazon.com/rds/postgresql/pricing/ */
const INSTANCE_USD_PER_HOUR: Readonly<Record<string, number>> = {
  "db.t4g.micro": 0.016,
  "db.t4g.small": 0.032,
  "db.t4g.medium": 0.065,
  "db.t4g.large": 0.129,
  "db.t4g.xlarge": 0.258,
  "db.t4g.2xlarge": 0.517,
};
const GP3_USD_PER_GB = 0.115;
const SECRET_USD = 0.4;
/** Subnets of an endpoint that a plan doesn't know yet: a database has two at least, in different zones. */
const SUBNETS = 2;

/**
 * Resource types with a fixed monthly price. Queues, topics, rules, functions, buckets, tables, deliveries and APIs
 * have none: they cost by request and byte.
 */
const FIXED: Readonly<Record<string, FixedPrice>> = {
  aws_kms_key: fixed("KMS key", 1, "https://aws.amazon.com/kms/pricing/"),
  aws_cloudwatch_dashboard: fixed("dashboard", 3, CLOUDWATCH),
  aws_cloudwatch_metric_alarm: fixed("alarm", 0.1, CLOUDWATCH),
  aws_secretsmanager_secret: fixed("secret", SECRET_USD, "https://aws.amazon.com/secrets-manager/pricing/"),
  aws_nat_gateway: fixed("NAT gateway", 0.045 * HOURS, "https://aws.amazon.com/vpc/pricing/"),
  aws_kinesis_stream: {
    name: ({ shard_count }) => (shard_count ? `${Number(shard_count)}-shard stream` : "stream"),
    usd: ({ shard_count }) => (shard_count ? 0.015 * Number(shard_count) : 0.04) * HOURS,
    source: "https://aws.amazon.com/kinesis/data-streams/pricing/",
  },
  aws_vpc_endpoint: {
    name: () => "VPC endpoint",
    usd: ({ vpc_endpoint_type, subnet_ids }) =>
      vpc_endpoint_type === "Interface"
        ? 0.01 * HOURS * (Array.isArray(subnet_ids) ? subnet_ids.length : SUBNETS)
        : 0,
    source: "https://aws.amazon.com/privatelink/pricing/",
  },
  aws_db_instance: {
    name: ({ instance_class, allocated_storage }) =>
      `${String(allocated_storage)} GB ${String(instance_class)} database`,
    usd({ instance_class, allocated_storage, multi_az, manage_master_user_password }) {
      const hourly = INSTANCE_USD_PER_HOUR[String(instance_class)];
      if (hourly === undefined) return null;
      const zones = multi_az === true ? 2 : 1;
      // RDS makes the secret of the master user itself.
      const secret = manage_master_user_password === true ? SECRET_USD : 0;
      return zones * (hourly * HOURS + GP3_USD_PER_GB * Number(allocated_storage ?? 0)) + secret;
    },
    source: "https://aws.amazon.com/rds/postgresql/pricing/",
  },
};

export interface PriceLine {
  name: string;
  count: number;
  /** null where edp doesn't know it. */
  usd: number | null;
}

export interface PriceEstimate {
  /** Sum of the fixed prices that are known; free tiers, which the whole account shares, are not taken off. */
  usd: number;
  /** The dearest first, those that are not known before them. */
  lines: PriceLine[];
}

/** Estimates the fixed monthly price of these resources. */
export function monthlyPrice(resources: readonly PlannedResource[]): PriceEstimate {
  const lines = new Map<string, PriceLine>();
  for (const { type, values } of resources) {
    const price = FIXED[type];
    const usd = price?.usd(values);
    if (!price || usd === undefined || usd === 0) continue;
    const name = price.name(values);
    const line = lines.get(name) ?? { name, count: 0, usd: 0 };
    lines.set(name, {
      name,
      count: line.count + 1,
      usd: line.usd === null || usd === null ? null : line.usd + usd,
    });
  }
  const sorted = [...lines.values()]
    .map((line) => ({ ...line, usd: line.usd === null ? null : round(line.usd) }))
    .sort((a, b) => (b.usd ?? Number.MAX_VALUE) - (a.usd ?? Number.MAX_VALUE));
  return { usd: round(sorted.reduce((sum, { usd }) => sum + (usd ?? 0), 0)), lines: sorted };
}

function fixed(name: string, usd: number, source: string): FixedPrice {
  return { name: () => name, usd: () => usd, source };
}

function round(usd: number): number {
  return Math.round(usd * 100) / 100;
}
