/** What exists costs this much a month, used or not. USD, us-east-1, list prices read on 2026-11-20. */
interface FixedPrice {
  usd: number;
  /** What one is called in the estimate. */
  name: string;
  source: string;
}

/**
 * Resource types with a fixed monthly price. Queues, topics, rules, functions and buckets have none: they cost by
 * request and byte. Kinds that are added later (streams, databases) get a line here.
 */
const FIXED: Readonly<Record<string, FixedPrice>> = {
  aws_kms_key: { usd: 1, name: "KMS key", source: "https://aws.amazon.com/kms/pricing/" },
  aws_cloudwatch_dashboard: {
    usd: 3,
    name: "dashboard",
    source: "https://aws.amazon.com/cloudwatch/pricing/",
  },
  aws_cloudwatch_metric_alarm: {
    usd: 0.1,
    name: "alarm",
    source: "https://aws.amazon.com/cloudwatch/pricing/",
  },
  aws_secretsmanager_secret: {
    usd: 0.4,
    name: "secret",
    source: "https://aws.amazon.com/secrets-manager/pricing/",
  },
  // Provisioned: 0.015 USD a shard hour; on demand: 0.04 USD a stream hour. 730 hours; the larger one.
  aws_kinesis_stream: {
    usd: 29.2,
    name: "Kinesis stream (on demand)",
    source: "https://aws.amazon.com/kinesis/data-streams/pricing/",
  },
  // db.t4g.micro 0.016 USD an hour and 20 GB of gp3 at 0.115 USD.
  aws_db_instance: {
    usd: 13.98,
    name: "RDS instance (db.t4g.micro, 20 GB)",
    source: "https://aws.amazon.com/rds/postgresql/pricing/",
  },
  // 0.045 USD an hour; data comes on top.
  aws_nat_gateway: { usd: 32.85, name: "NAT gateway", source: "https://aws.amazon.com/vpc/pricing/" },
};

export interface PriceLine {
  name: string;
  count: number;
  usd: number;
}

export interface PriceEstimate {
  /** Sum of what has a fixed price; free tiers, which the whole account shares, are not taken off. */
  usd: number;
  lines: PriceLine[];
}

/** Estimates the fixed monthly price of these resources (Terraform type -> how many). */
export function monthlyPrice(resources: Readonly<Record<string, number>>): PriceEstimate {
  const lines = Object.entries(resources).flatMap(([type, count]) => {
    const price = FIXED[type];
    return price && count > 0 ? [{ name: price.name, count, usd: round(price.usd * count) }] : [];
  });
  lines.sort((a, b) => b.usd - a.usd);
  return { usd: round(lines.reduce((sum, { usd }) => sum + usd, 0)), lines };
}

function round(usd: number): number {
  return Math.round(usd * 100) / 100;
}
