/**
 * Regions that every account has from the start.
 * Source: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html (2026)
 */
const DEFAULT_REGIONS = [
  ..."us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1".split(" "),
  ..."eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3".split(" "),
  ..."ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2".split(" "),
];

/** Regions that an account has to enable first (same page). */
const OPT_IN_REGIONS = [
  ..."af-south-1 ca-west-1 mx-central-1 eu-central-2 eu-south-1 eu-south-2".split(" "),
  ..."il-central-1 me-central-1 me-south-1 ap-east-1 ap-east-2 ap-south-2".split(" "),
  ..."ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7".split(" "),
];

/** Regions of partitions with accounts of their own: China, US government, European sovereign cloud. */
const OTHER_PARTITIONS = ["cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1", "eusc-de-east-1"];

export const KNOWN_REGIONS: readonly string[] = [...DEFAULT_REGIONS, ...OPT_IN_REGIONS, ...OTHER_PARTITIONS];

export function isOptIn(region: string): boolean {
  return OPT_IN_REGIONS.includes(region);
}

export interface Partition {
  /** Second part of every ARN. */
  name: string;
  /** End of the services' host names. */
  dnsSuffix: string;
  /** A region that every account of the partition has. */
  home: string;
}

/** The partition a region belongs to; what looks like no other is `aws`. */
export function partitionOf(region: string): Partition {
  if (region.startsWith("cn-")) return { name: "aws-cn", dnsSuffix: "amazonaws.com.cn", home: "cn-north-1" };
  if (region.startsWith("us-gov-"))
    return { name: "aws-us-gov", dnsSuffix: "amazonaws.com", home: "us-gov-west-1" };
  if (region.startsWith("eusc-"))
    return { name: "aws-eusc", dnsSuffix: "amazonaws.eu", home: "eusc-de-east-1" };
  return { name: "aws", dnsSuffix: "amazonaws.com", home: "us-east-1" };
}

/**
 * What to say of a region that edp doesn't know: a new one of AWS, or a slip of the finger.
 * Undefined for a known region.
 */
export function unknownRegion(region: string): string | undefined {
  if (KNOWN_REGIONS.includes(region)) return undefined;
  const area = KNOWN_REGIONS.filter((known) => known.startsWith(region.slice(0, 3)));
  const known = area.length > 0 ? area : DEFAULT_REGIONS;
  return `${region} is not a region that edp knows. It knows ${known.join(", ")}.`;
}
