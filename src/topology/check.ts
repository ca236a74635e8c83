import { checkApis } from "./check-apis.ts";
import { checkDatabases } from "./check-databases.ts";
import { checkDeliveries } from "./check-deliveries.ts";
import { checkFunctions } from "./check-functions.ts";
import { checkNames } from "./check-names.ts";
import { checkNotifications } from "./check-notifications.ts";
import { checkQueues } from "./check-queues.ts";
import { checkTables } from "./check-tables.ts";
import { checkTopics } from "./check-topics.ts";
import type { Fault } from "./faults.ts";
import { checkEventPattern } from "./pattern.ts";
import type { Pipeline } from "./types.ts";

/** EventBridge: targets of one rule, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const MAX_TARGETS = 5;

/**
 * Every fault between the things of one pipeline whose shape holds: references, names that would be too long
 * for a service, limits that depend on another thing. The HCL module `topology` checks the same rules.
 */
export function checkPipeline(pipeline: Pipeline): Fault[] {
  return [
    ...checkNames(pipeline),
    ...checkBuckets(pipeline),
    ...checkRules(pipeline),
    ...checkTopics(pipeline),
    ...checkQueues(pipeline),
    ...checkNotifications(pipeline),
    ...checkTables(pipeline),
    ...checkDatabases(pipeline),
    ...checkDeliveries(pipeline),
    ...checkFunctions(pipeline),
    ...checkApis(pipeline),
  ];
}

function checkBuckets({ buckets }: Pipeline): Fault[] {
  return Object.entries(buckets).flatMap(([key, { versioned, expireNoncurrentDays }]) =>
    versioned || expireNoncurrentDays === null
      ? []
      : [
          {
            path: ["buckets", key, "expireNoncurrentDays"],
            message: "must be null: a bucket without versions has no replaced ones",
          },
        ],
  );
}

function checkRules({ rules, buckets, topics }: Pipeline): Fault[] {
  return Object.entries(rules).flatMap(([key, { from, pattern }]) => {
    const path = ["rules", key];
    const faults = checkEventPattern(pattern, [...path, "pattern"]);
    const bucket = Object.hasOwn(buckets, from.bucket) ? buckets[from.bucket] : undefined;
    if (!bucket) {
      faults.push({ path: [...path, "from", "bucket"], message: `there is no bucket ${from.bucket}` });
    } else if (!bucket.eventBridge) {
      const message = `the bucket ${from.bucket} sends no events: set its eventBridge to true`;
      faults.push({ path: [...path, "from", "bucket"], message });
    }
    const detail = pattern.detail;
    if (typeof detail === "object" && detail !== null && Object.hasOwn(detail, "bucket")) {
      const message = "must not be given: the name of the bucket in `from` is filled in";
      faults.push({ path: [...path, "pattern", "detail", "bucket"], message });
    }
    const targets = Object.values(topics).filter((topic) => topic.from?.rule === key).length;
    if (targets === 0) {
      faults.push({ path, message: "no topic takes its events: they would be lost" });
    } else if (targets > MAX_TARGETS) {
      faults.push({ path, message: `feeds ${targets} topics, EventBridge takes ${MAX_TARGETS} targets` });
    }
    return faults;
  });
}
