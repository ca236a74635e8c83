import type { NotificationTarget } from "./notifications.ts";

/** A queue that a pipeline has told of the objects created in a bucket. */
export interface DeclaredQueue {
  arn: string;
  /** Empty takes every key. */
  prefix: string;
  suffix: string;
}

/** Tells what pipelines declare from what was configured through the API. */
const DECLARED = "edp:";

/** The notifications of declared queues. The id says which keys, so that it stays the same from one deployment to the next. */
export function declaredTargets(queues: readonly DeclaredQueue[]): NotificationTarget[] {
  return queues.map(({ arn, prefix, suffix }) => ({
    id: `${DECLARED}${arn.slice(arn.lastIndexOf(":") + 1)}:${prefix}*${suffix}`,
    kind: "Queue",
    arn,
    events: ["s3:ObjectCreated:*"],
    prefix,
    suffix,
  }));
}

/** Whether a notification of this id comes from a pipeline. */
export function isDeclared(id: string): boolean {
  return id.startsWith(DECLARED);
}
