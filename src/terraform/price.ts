/** What exists costs this much a month, used or not: USD, list price of us-east-1. Prices change, see `source`. */
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
