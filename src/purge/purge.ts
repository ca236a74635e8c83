import pMap from "p-map";
import { type Clients, createClients } from "../aws/clients.ts";
import { emptyBucket } from "../aws/empty-bucket.ts";
import { userError } from "../aws/errors.ts";
import { countLoss, type DataLoss, type DataThing } from "../aws/loss.ts";
import { purgeQueue } from "../aws/purge-queue.ts";
import { queueName } from "../aws/queues.ts";
import type { Context } from "../context.ts";
import { EdpError, InterruptedError } from "../errors.ts";
import { type Pause, systemPause } from "../ingest/pause.ts";
import type { Deployment } from "../topology/deployment.ts";

/** Buckets and queues emptied side by side; each bucket has several requests in flight. */
const BUCKETS_AT_ONCE = 4;
const QUEUES_AT_ONCE = 16;

/** A bucket or queue, with what was in it. */
export interface PurgedThing {
  pipeline: string;
  kind: "bucket" | "queue";
  /** Physical name. */
  name: string;
  /** Current objects, or messages in any state, as counted before; null where they could not be counted. */
  count: number | null;
  /** Older versions and delete markers; null for a queue. */
  versions: number | null;
  /** Whether counting ended early: at least this much was there. */
  atLeast: boolean;
}

export interface PurgeResult {
  env: string;
  purged: PurgedThing[];
  /** Object versions and delete markers that were deleted. */
  deletedVersions: number;
  /** Messages that were counted before the queues were purged. */
  messages: number;
  seconds: number;
}

interface Target extends DataThing {
  pipeline: string;
  name: string;
}

/** Empties the buckets and queues of a deployment; `edp purge`. */
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

  /** Counts what is there: buckets first, then queues, dead-letter queues among them. */
  async count(): Promise<PurgedThing[]> {
    return this.#explained(async () => {
      const targets = this.#targets();
      const losses = await countLoss(this.#clients, targets);
      return losses.map((loss) => withPipeline(loss, targets));
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
      const queues = targets.filter(({ kind }) => kind === "queue");
      await pMap(queues, (queue) => this.#purgeQueue(queue), { concurrency: QUEUES_AT_ONCE });
      const deletedVersions = await this.#emptyBuckets(
        targets.filter(({ kind }) => kind === "bucket"),
        counted,
      );
      const messages = counted.reduce(
        (sum, { kind, count }) => sum + (kind === "queue" ? (count ?? 0) : 0),
        0,
      );
      return { purged: [...counted], deletedVersions, messages };
    });
  }

  close(): void {
    this.#clients.close();
  }

  #targets(): Target[] {
    const chosen = Object.entries(this.deployment.pipelines).filter(
      ([name]) => this.pipelines.length === 0 || this.pipelines.includes(name),
    );
    return chosen.flatMap(([pipeline, { addresses }]) => [
      ...Object.values(addresses.buckets).map(({ name }) => ({
        pipeline,
        kind: "bucket" as const,
        id: name,
        name,
      })),
      ...[
        ...Object.values(addresses.queues).flatMap(({ url, dlqUrl }) => [url, dlqUrl]),
        addresses.undelivered.url,
      ].map((url) => ({ pipeline, kind: "queue" as const, id: url, name: queueName(url) })),
    ]);
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

  async #emptyBuckets(buckets: readonly Target[], counted: readonly PurgedThing[]): Promise<number> {
    const s3 = await this.#clients.s3();
    const { terminal, signal } = this.context;
    const expected = counted.reduce(
      (sum, { kind, count, versions }) => sum + (kind === "bucket" ? (count ?? 0) + (versions ?? 0) : 0),
      0,
    );
    const progress = terminal.progress("Emptying buckets", expected, "versions");
    const deleted = new Map<string, number>();
    const sum = () => [...deleted.values()].reduce((all, one) => all + one, 0);
    try {
      await pMap(
        buckets,
        ({ id }) =>
          emptyBucket(s3, id, signal, (count) => {
            deleted.set(id, count);
            progress.update(sum(), Math.max(sum(), expected));
          }),
        { concurrency: BUCKETS_AT_ONCE },
      );
    } finally {
      progress.end();
    }
    return sum();
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

function withPipeline(loss: DataLoss, targets: readonly Target[]): PurgedThing {
  const { kind, name, count, versions, atLeast } = loss;
  const pipeline = targets.find((target) => target.kind === kind && target.name === name)?.pipeline ?? "";
  return { pipeline, kind, name, count, versions, atLeast };
}
