import { emptyBucket } from "../aws/empty-bucket.ts";
import { countLoss, type DataKind, type DataLoss, type DataThing } from "../aws/loss.ts";
import { emptyEach } from "../purge/empty-each.ts";
import type { Plan } from "./plan.ts";
import type { Session } from "./session.ts";

/** Buckets emptied side by side, each with several requests in flight. */
const BUCKETS_AT_ONCE = 4;

/** Resource types that hold data, and the attribute by which what is in them is asked for. */
const DATA_TYPES: Readonly<Record<string, { kind: DataKind; attribute: string }>> = {
  aws_s3_bucket: { kind: "bucket", attribute: "bucket" },
  aws_sqs_queue: { kind: "queue", attribute: "url" },
  aws_dynamodb_table: { kind: "table", attribute: "name" },
  aws_kinesis_stream: { kind: "stream", attribute: "name" },
  aws_db_instance: { kind: "database", attribute: "identifier" },
};

/** What a plan deletes or replaces that may hold data. */
export function dataThings(plan: Plan): DataThing[] {
  return plan.changes.flatMap(({ type, action, before }): DataThing[] => {
    if (action !== "delete" && action !== "replace") return [];
    const known = DATA_TYPES[type];
    const id = before?.[known?.attribute ?? ""];
    return known && typeof id === "string" ? [{ kind: known.kind, id }] : [];
  });
}

/** Counts what a plan would delete. */
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
  const { terminal, signal } = session.context;
  const s3 = await session.clients.s3();
  const options = { terminal, label: "Emptying buckets", unit: "versions", concurrency: BUCKETS_AT_ONCE };
  return emptyEach(buckets, options, (id, onDeleted) => emptyBucket(s3, id, signal, onDeleted));
}
