import pMap from "p-map";
import { counted } from "../terminal/format.ts";
import type { Deployment } from "../topology/deployment.ts";
import type { Clients } from "./clients.ts";
import { COUNT_BY_KIND } from "./count-data.ts";
import { queueName } from "./queues.ts";

const LIST = new Intl.ListFormat("en");
/** Things counted at once. */
const AT_ONCE = 16;

/** Kinds that hold data. */
export type DataKind = "bucket" | "queue" | "table" | "stream" | "database";

/** What holds data and is about to be deleted, with what is in it. */
export interface DataLoss {
  kind: DataKind;
  name: string;
  /** Current objects, messages in any state, items; null where nobody can count: a database, a stream with records. */
  count: number | null;
  /** Older object versions and delete markers; null for everything but a bucket. */
  versions: number | null;
  bytes: number | null;
  /** Whether counting ended early: at least this much is there. */
  atLeast: boolean;
}

/** What holds data among the things of a plan or of a deployment. */
export interface DataThing {
  kind: DataKind;
  /** URL of a queue, name of anything else. */
  id: string;
}

/** What the named pipelines of a deployment (all when none is named) have that holds data. */
export function deployedData(
  deployment: Deployment,
  names: readonly string[],
): (DataThing & { pipeline: string; name: string })[] {
  const chosen = Object.entries(deployment.pipelines).filter(
    ([name]) => names.length === 0 || names.includes(name),
  );
  return chosen.flatMap(([pipeline, { addresses }]) => {
    const named = (kind: DataKind, things: Record<string, { name: string }>) =>
      Object.values(things).map(({ name }) => ({ pipeline, kind, id: name, name }));
    const urls = [
      ...Object.values(addresses.queues).flatMap(({ url, dlqUrl }) => [url, dlqUrl]),
      addresses.undelivered.url,
    ];
    return [
      ...named("bucket", addresses.buckets),
      ...urls.map((url) => ({ pipeline, kind: "queue" as const, id: url, name: queueName(url) })),
      ...named("table", addresses.tables),
      ...named("stream", addresses.streams),
      ...named("database", addresses.databases),
    ];
  });
}

/** Counts what would be lost with these; what does not exist is left out, what can't be read has null counts. */
export async function countLoss(clients: Clients, things: readonly DataThing[]): Promise<DataLoss[]> {
  const counted = await pMap(
    things,
    async ({ kind, id }): Promise<DataLoss | undefined> => {
      const found = await COUNT_BY_KIND[kind](clients, id);
      const name = kind === "queue" ? queueName(id) : id;
      return found && { kind, name, versions: null, bytes: null, atLeast: false, ...found };
    },
    { concurrency: AT_ONCE },
  );
  return counted.filter((loss) => loss !== undefined);
}

export interface LossSum {
  objects: number;
  versions: number;
  messages: number;
  items: number;
  /** What could not be counted, by name. */
  uncounted: string[];
}

export function sumLoss(losses: readonly DataLoss[]): LossSum {
  const sum: LossSum = { objects: 0, versions: 0, messages: 0, items: 0, uncounted: [] };
  for (const { kind, name, count, versions } of losses) {
    if (count === null) sum.uncounted.push(name);
    else if (kind === "bucket") sum.objects += count;
    else if (kind === "queue") sum.messages += count;
    else sum.items += count;
    sum.versions += versions ?? 0;
  }
  return sum;
}

/** `1,204 objects and 3 messages`; with older versions, items and what can't be counted where there are any. */
export function describeLoss(losses: readonly DataLoss[]): string {
  const total = sumLoss(losses);
  const atLeast = losses.some((loss) => loss.atLeast) ? "at least " : "";
  const versions = total.versions > 0 ? ` (and ${counted(total.versions, "older version")})` : "";
  const objects = `${counted(total.objects, "object")}${versions}`;
  const messages = counted(total.messages, "message");
  const items = losses.some(({ kind }) => kind === "table") ? ` and ${counted(total.items, "item")}` : "";
  const unknown = losses
    .filter(({ count }) => count === null)
    .map(({ kind, name }) => (kind === "stream" || kind === "database" ? `the ${kind} ${name}` : name));
  const rest = unknown.length > 0 ? `, and what is in ${LIST.format(unknown)}, which can't be counted` : "";
  return `${atLeast}${objects}${items ? ", " : " and "}${messages}${items}${rest}`;
}

/** Whether a loss of these would be noticed: something is in them, or nobody knows. */
export function holdsData(losses: readonly Pick<DataLoss, "count" | "versions">[]): boolean {
  return losses.some(({ count, versions }) => count !== 0 || (versions ?? 0) > 0);
}
