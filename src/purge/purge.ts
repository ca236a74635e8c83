import pMap from "p-map";
import { type Clients, createClients } from "../aws/clients.ts";
import { emptyBucket } from "../aws/empty-bucket.ts";
import { emptyTable } from "../aws/empty-table.ts";
import { userError } from "../aws/errors.ts";
import { countLoss, type DataKind, type DataLoss, type DataThing, deployedData } from "../aws/loss.ts";
import { purgeQueue } from "../aws/purge-queue.ts";
import type { Context } from "../context.ts";
import { EdpError, InterruptedError } from "../errors.ts";
import { type Pause, systemPause } from "../ingest/pause.ts";
import type { Deployment } from "../topology/deployment.ts";
import { emptyEach } from "./empty-each.ts";

/** Things emptied side by side; each bucket and table has several requests in flight. */
const BUCKETS_AT_ONCE = 4;
const TABLES_AT_ONCE = 2;
const QUEUES_AT_ONCE = 16;

type PurgedKind = Exclude<DataKind, "stream" | "database">;

/** What was emptied, with what was in it. */
export interface PurgedThing {
  pipeline: string;
  kind: PurgedKind;
  /** Physical name. */
  name: string;
  /** Current objects, messages in any state or items, as counted before; null where they could not be counted. */
  count: number | null;
  /** Older versions and delete markers; null for a queue or a table. */
  versions: number | null;
  /** Whether counting ended early: at least this much was there. */
  atLeast: boolean;
}

/** A stream's records only go when they are old enough; a database belongs to who works in it. */
export interface KeptThing {
  pipeline: string;
  kind: "stream" | "database";
  name: string;
}

export interface PurgeResult {
  env: string;
  purged: PurgedThing[];
  /** Object versions and delete markers that were deleted. */
  deletedVersions: number;
  /** Items that were deleted. */
  deletedItems: number;
  /** Messages that were counted before the queues were purged. */
  messages: number;
  /** What purge leaves as it is. */
  kept: KeptThing[];
  seconds: number;
}

interface Target extends DataThing {
  kind: PurgedKind;
  pipeline: string;
  name: string;
}

/** Empties the buckets, queues and tables of a deployment; `edp purge`. */
export class Purge {
  readonly #clients: Clients;

  constructor(
    private readonly deployment: Deployment,
    private readonly pipelines: readonly string[],
    private readonly context: Context,
    private readonly pause: Pause = systemPause,
  ) {
    this.#clients = createClients(deployment, context);
  }

  /** Counts what is there: buckets first, then queues, dead-letter queues among them, then tables. */
  async count(): Promise<PurgedThing[]> {
    return this.#explained(async () => {
      const targets = this.#targets();
      const losses = await countLoss(this.#clients, targets);
      return losses.flatMap((loss) => withPipeline(loss, targets));
    });
  }

  /**
   * Empties everything. The queues come first, so that no function is sent after an object that is gone. What is
   * deleted stays deleted when this is interrupted; calling it again goes on.
   * @param counted what `count` gave
   */
  async run(counted: readonly PurgedThing[]): Promise<Omit<PurgeResult, "env" | "seconds">> {
    return this.#explained(async () => {
      const targets = this.#targets();
      const of = (wanted: PurgedKind) => targets.filter(({ kind }) => kind === wanted);
      await pMap(of("queue"), (queue) => this.#purgeQueue(queue), { concurrency: QUEUES_AT_ONCE });
      const deletedItems = await this.#emptyTables(of("table"), expected(counted, "table"));
      const deletedVersions = await this.#emptyBuckets(of("bucket"), expected(counted, "bucket"));
      const messages = expected(counted, "queue");
      return { purged: [...counted], deletedVersions, deletedItems, messages, kept: this.#kept() };
    });
  }

  close(): void {
    this.#clients.close();
  }

  /** What can be emptied. */
  #targets(): Target[] {
    return deployedData(this.deployment, this.pipelines).flatMap((one) => {
      const { kind } = one;
      return kind === "stream" || kind === "database" ? [] : [{ ...one, kind }];
    });
  }

  async #purgeQueue({ id, name }: Target): Promise<void> {
    const { now, signal, terminal } = this.context;
    await purgeQueue(await this.#clients.sqs(), id, {
      pause: this.pause,
      now,
      signal,
      onWait: () =>
        terminal.note(
          `${name} was purged less than a minute ago, and others hold messages of it; waiting for them ...`,
        ),
    });
  }

  /** What can't be. */
  #kept(): KeptThing[] {
    return deployedData(this.deployment, this.pipelines).flatMap(({ pipeline, kind, name }) =>
      kind === "stream" || kind === "database" ? [{ pipeline, kind, name }] : [],
    );
  }

  async #emptyTables(tables: readonly Target[], expected: number): Promise<number> {
    const { terminal, signal } = this.context;
    const dynamodb = await this.#clients.dynamodb();
    const options = { terminal, label: "Emptying tables", unit: "items", expected };
    return emptyEach(tables, { ...options, concurrency: TABLES_AT_ONCE }, (id, onDeleted) =>
      emptyTable(dynamodb, id, signal, onDeleted, this.pause),
    );
  }

  async #emptyBuckets(buckets: readonly Target[], expected: number): Promise<number> {
    const { terminal, signal } = this.context;
    const s3 = await this.#clients.s3();
    const options = { terminal, label: "Emptying buckets", unit: "versions", expected };
    return emptyEach(buckets, { ...options, concurrency: BUCKETS_AT_ONCE }, (id, onDeleted) =>
      emptyBucket(s3, id, signal, onDeleted),
    );
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (this.context.signal.aborted) {
        throw new InterruptedError("Interrupted: what was deleted is gone, the rest is still there.", {
          hint: "Run the same command again to go on.",
        });
      }
      if (error instanceof EdpError) throw error;
      throw userError(error, this.deployment.env) ?? error;
    }
  }
}

/** How many objects with their versions, messages or items there were of a kind. */
function expected(counted: readonly PurgedThing[], kind: PurgedKind): number {
  return counted.reduce(
    (sum, one) => sum + (one.kind === kind ? (one.count ?? 0) + (one.versions ?? 0) : 0),
    0,
  );
}

function withPipeline(loss: DataLoss, targets: readonly Target[]): PurgedThing[] {
  const { name, count, versions, atLeast } = loss;
  const target = targets.find((one) => one.kind === loss.kind && one.name === name);
  return target ? [{ pipeline: target.pipeline, kind: target.kind, name, count, versions, atLeast }] : [];
}
