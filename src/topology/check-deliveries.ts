import type { Fault } from "./faults.ts";
import type { Delivery, Pipeline } from "./types.ts";

/** Least buffer with dynamic partitioning: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html */
const PARTITIONED_BUFFER = { megabytes: 64, seconds: 60 };
/** The JQ that every reader understands alike: a path of plain names. */
const JQ_PATH = /^(\.[A-Za-z_][A-Za-z0-9_]*)+$/;
/** `!{namespace:value}`: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html */
const EXPRESSION = /!\{([^}]*)\}/g;
const TIMESTAMP = /^timestamp:.+$/;
const RANDOM = "firehose:random-string";
const ERROR_TYPE = "firehose:error-output-type";
const PARTITION_KEY = "partitionKeyFromQuery:";

/** What streams and deliveries demand of each other, of buckets, and of the expressions in prefixes. */
export function checkDeliveries({ streams, deliveries, buckets }: Pipeline): Fault[] {
  const read = new Set(Object.values(deliveries).map(({ from }) => from.stream));
  const unread = Object.keys(streams)
    .filter((key) => !read.has(key))
    .map((key) => ({ path: ["streams", key], message: "no delivery takes its records: they would be lost" }));
  const faults = Object.entries(deliveries).flatMap(([key, delivery]) => {
    const path = ["deliveries", key];
    const { from, to } = delivery;
    const found: Fault[] = [];
    if (!Object.hasOwn(streams, from.stream)) {
      found.push({ path: [...path, "from", "stream"], message: `there is no stream ${from.stream}` });
    }
    if (!Object.hasOwn(buckets, to.bucket)) {
      found.push({ path: [...path, "to", "bucket"], message: `there is no bucket ${to.bucket}` });
    }
    return [...found, ...checkPartitioning(delivery, path), ...checkPrefixes(delivery, path)];
  });
  return [...unread, ...faults];
}

function checkPartitioning(
  { partitionKeys, bufferMb, bufferSeconds, to }: Delivery,
  path: readonly string[],
) {
  const faults: Fault[] = [];
  const keys = Object.entries(partitionKeys);
  if (keys.length > 0 && bufferMb < PARTITIONED_BUFFER.megabytes) {
    const message = `must be at least ${PARTITIONED_BUFFER.megabytes} with partition keys`;
    faults.push({ path: [...path, "bufferMb"], message });
  }
  if (keys.length > 0 && bufferSeconds < PARTITIONED_BUFFER.seconds) {
    const message = `must be at least ${PARTITIONED_BUFFER.seconds} with partition keys`;
    faults.push({ path: [...path, "bufferSeconds"], message });
  }
  const used = expressions(to.prefix);
  for (const [key, jq] of keys) {
    const at = [...path, "partitionKeys", key];
    if (!JQ_PATH.test(jq)) faults.push({ path: at, message: "must be a path of names, such as .a.b" });
    if (!used.includes(PARTITION_KEY + key)) {
      faults.push({ path: at, message: `is not used: prefix has no !{${PARTITION_KEY}${key}}` });
    }
  }
  return faults;
}

function checkPrefixes({ to, partitionKeys }: Delivery, path: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  const known = (expression: string) => TIMESTAMP.test(expression) || expression === RANDOM;
  const prefix = [...path, "to", "prefix"];
  for (const expression of expressions(to.prefix)) {
    if (known(expression)) continue;
    if (!expression.startsWith(PARTITION_KEY)) {
      faults.push({ path: prefix, message: `has !{${expression}}, which Firehose doesn't know there` });
    } else if (!Object.hasOwn(partitionKeys, expression.slice(PARTITION_KEY.length))) {
      faults.push({ path: prefix, message: `has !{${expression}}, which is not in partitionKeys` });
    }
  }
  const errorPrefix = [...path, "to", "errorPrefix"];
  for (const expression of expressions(to.errorPrefix)) {
    if (known(expression) || expression === ERROR_TYPE) continue;
    faults.push({ path: errorPrefix, message: `has !{${expression}}, which Firehose doesn't know there` });
  }
  for (const [name, value] of Object.entries({ prefix: to.prefix, errorPrefix: to.errorPrefix })) {
    if (!value.replaceAll(EXPRESSION, "").includes("!{")) continue;
    faults.push({ path: [...path, "to", name], message: "has !{ without the } that ends it" });
  }
  if (!expressions(to.errorPrefix).includes(ERROR_TYPE)) {
    faults.push({ path: errorPrefix, message: `must have !{${ERROR_TYPE}}` });
  }
  return faults;
}

/** What stands between the braces of each expression, each once. */
function expressions(prefix: string): string[] {
  return [...new Set([...prefix.matchAll(EXPRESSION)].map(([, inner = ""]) => inner))];
}
