import pMap from "p-map";
import { emptyBucket } from "../aws/empty-bucket.ts";
import { countLoss, type DataLoss, type DataThing } from "../aws/loss.ts";
import type { Plan } from "./plan.ts";
import type { Session } from "./session.ts";

/** Buckets emptied side by side, each with several requests in flight. */
const BUCKETS_AT_ONCE = 4;

/** What a plan deletes or replaces that may hold data. Kinds that come later (tables, databases) are added here. */
export function dataThings(plan: Plan): DataThing[] {
  return plan.changes.flatMap(({ type, action, before }): DataThing[] => {
    if (action !== "delete" && action !== "replace") return [];
    if (type === "aws_s3_bucket" && typeof before?.bucket === "string")
      return [{ kind: "bucket", id: before.bucket }];
    if (type === "aws_sqs_queue" && typeof before?.url === "string")
      return [{ kind: "queue", id: before.url }];
    return [];
  });
}

/** Counts the objects and messages that a plan would delete. */
export async function dataAtRisk(session: Session, plan: Plan): Promise<DataLoss[]> {
  const things = dataThings(plan);
  if (things.length === 0) return [];
  return session.context.terminal.spin("Counting what would be lost", () =>
    countLoss(session.clients, things),
  );
}

/** Empties the buckets that a plan deletes: S3 deletes empty ones only. @returns deleted versions and markers. */
export async function emptyBuckets(session: Session, plan: Plan): Promise<number> {
  const buckets = dataThings(plan).filter(({ kind }) => kind === "bucket");
  if (buckets.length === 0) return 0;
  const { terminal, signal } = session.context;
  const s3 = await session.clients.s3();
  const progress = terminal.progress("Emptying buckets", undefined, "versions");
  const counts = new Map<string, number>();
  const sum = () => [...counts.values()].reduce((all, one) => all + one, 0);
  try {
    await pMap(
      buckets,
      ({ id }) =>
        emptyBucket(s3, id, signal, (count) => {
          counts.set(id, count);
          progress.update(sum(), sum());
        }),
      { concurrency: BUCKETS_AT_ONCE },
    );
  } finally {
    progress.end();
  }
  return sum();
}

/** `1,204 objects and 3 messages`; with older versions where there are any. */
export function describeLoss(losses: readonly DataLoss[]): string {
  const total = sumLoss(losses);
  const atLeast = losses.some((loss) => loss.atLeast) ? "at least " : "";
  const versions = total.versions > 0 ? ` (and ${number(total.versions)} older versions)` : "";
  const unknown = losses.filter(({ count }) => count === null).map(({ name }) => name);
  const rest = unknown.length > 0 ? `, and what is in ${unknown.join(", ")}, which can't be counted` : "";
  return `${atLeast}${number(total.objects)} objects${versions} and ${number(total.messages)} messages${rest}`;
}

export function sumLoss(losses: readonly DataLoss[]): {
  objects: number;
  versions: number;
  messages: number;
} {
  const sum = { objects: 0, versions: 0, messages: 0 };
  for (const { kind, count, versions } of losses) {
    if (kind === "bucket") sum.objects += count ?? 0;
    else sum.messages += count ?? 0;
    sum.versions += versions ?? 0;
  }
  return sum;
}

/** Whether a loss of these would be noticed: something is in them, or nobody knows. */
export function holdsData(losses: readonly DataLoss[]): boolean {
  return losses.some(({ count, versions }) => count !== 0 || (versions ?? 0) > 0);
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
