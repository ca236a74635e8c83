import { randomUUID } from "node:crypto";
import path from "node:path";
import { AwsError, type EngineParts } from "../service.ts";
import { AppendLog } from "../storage/append-log.ts";
import { invalidParameterValue } from "./errors.ts";
import type { StoredMessage } from "./message.ts";
import type { Queue } from "./queue.ts";
import type { Queues } from "./queues.ts";

/** Messages moved in one step where no rate is given. */
const STEP_MESSAGES = 100;
/** Length of a step where a rate is given, in ms. */
const RATE_STEP_MS = 1_000;
/** Tasks of a source that ListMessageMoveTasks remembers. */
const REMEMBERED = 10;

export type TaskStatus = "RUNNING" | "COMPLETED" | "CANCELLING" | "CANCELLED" | "FAILED";

/** A message movement task, as it is recorded after each step. */
export interface MoveTask {
  handle: string;
  sourceArn: string;
  /** Absent: back to the queue each message came from. */
  destinationArn?: string;
  /** MaxNumberOfMessagesPerSecond. */
  rate?: number;
  status: TaskStatus;
  startedAt: number;
  toMove: number;
  moved: number;
  failure?: string;
}

export interface StartOptions {
  source: Queue;
  destination?: Queue;
  rate?: number;
}

/**
 * Moves messages out of DLQs, in the background and on the clock
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html).
 * A task that was running when the engine ended goes on at the next start.
 */
export class MoveTasks {
  readonly #tasks = new Map<string, MoveTask>();
  readonly #steps = new Set<Promise<void>>();
  #log: AppendLog<MoveTask> | undefined;
  #closed = false;

  private constructor(
    readonly queues: Queues,
    readonly parts: EngineParts,
  ) {}

  static async open(queues: Queues, parts: EngineParts): Promise<MoveTasks> {
    const tasks = new MoveTasks(queues, parts);
    tasks.#log = await AppendLog.open<MoveTask>(
      path.join(parts.dataDirectory, "sqs", "move-tasks.log"),
      (task) => void tasks.#tasks.set(task.handle, task),
    );
    tasks.#forget();
    await tasks.#log.compact(() => tasks.#tasks.values());
    for (const task of tasks.#tasks.values()) {
      if (task.status === "RUNNING" || task.status === "CANCELLING") tasks.#next(task);
    }
    return tasks;
  }

  /** Tasks of a source, the latest first. */
  list(source: Queue): MoveTask[] {
    return [...this.#tasks.values()].filter(({ sourceArn }) => sourceArn === source.arn).reverse();
  }

  /** @throws AwsError InvalidParameterValue when a task of this source is running */
  async start({ source, destination, rate }: StartOptions): Promise<MoveTask> {
    if (this.list(source).some(({ status }) => status === "RUNNING" || status === "CANCELLING")) {
      throw invalidParameterValue(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
      );
    }
    const task: MoveTask = {
      handle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source.arn })).toString("base64"),
      sourceArn: source.arn,
      destinationArn: destination?.arn,
      rate,
      status: "RUNNING",
      startedAt: this.parts.clock.now(),
      toMove: source.depth().visible,
      moved: 0,
    };
    // Set before it is written, so that a second start sees it.
    this.#tasks.set(task.handle, task);
    try {
      await this.#record(task);
    } catch (error) {
      this.#tasks.delete(task.handle);
      throw error;
    }
    this.#forget();
    this.#next(task);
    return task;
  }

  /** Stops a task; messages already moved stay moved. @throws AwsError ResourceNotFoundException */
  async cancel(handle: string): Promise<MoveTask> {
    const task = this.#tasks.get(handle);
    if (task?.status !== "RUNNING") {
      throw new AwsError("ResourceNotFoundException", "The task handle does not name a running task.", 404);
    }
    task.status = "CANCELLING";
    await this.#record(task);
    return task;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#steps);
    await this.#log?.close();
  }

  #next(task: MoveTask): void {
    this.parts.clock.after(task.rate === undefined || task.moved === 0 ? 0 : RATE_STEP_MS, () => {
      if (this.#closed) return;
      const step = this.#step(task).finally(() => this.#steps.delete(step));
      this.#steps.add(step);
    });
  }

  async #step(task: MoveTask): Promise<void> {
    try {
      if (task.status === "RUNNING") {
        const left = task.toMove - task.moved;
        const moved = left > 0 ? await this.#move(task, Math.min(left, task.rate ?? STEP_MESSAGES)) : 0;
        task.moved += moved;
        if (moved === 0 || task.moved >= task.toMove) task.status = "COMPLETED";
      }
    } catch (error) {
      task.status = "FAILED";
      task.failure = error instanceof AwsError ? error.code : (error as Error).message;
      this.parts.log(`message move task from ${task.sourceArn} failed: ${(error as Error).message}`);
    }
    // Asked to stop, maybe while the step ran.
    if (task.status === "CANCELLING") task.status = "CANCELLED";
    try {
      await this.#record(task);
    } catch (error) {
      this.parts.log(`message move task from ${task.sourceArn}: not recorded: ${(error as Error).message}`);
    }
    if (task.status === "RUNNING") this.#next(task);
  }

  /** Moves up to `max` visible messages; each is in its destination before it leaves the source. */
  async #move(task: MoveTask, max: number): Promise<number> {
    const source = this.queues.byArn(task.sourceArn);
    const messages = source.reserve(max);
    try {
      const contents = await source.contents(messages);
      const now = this.parts.clock.now();
      for (const [destination, group] of this.#destinations(task, messages)) {
        // A moved message is a new one: new id, new times (API_StartMessageMoveTask).
        const drafts = group.map((message) => ({
          id: randomUUID(),
          content: contents[messages.indexOf(message)] ?? { body: "" },
          sentAt: now,
          visibleAt: now,
          group: message.group,
          deduplicationId: message.deduplicationId,
        }));
        await destination.insert(drafts);
        await source.remove(group);
      }
    } finally {
      source.restore(messages);
    }
    return messages.length;
  }

  #destinations(task: MoveTask, messages: readonly StoredMessage[]): Map<Queue, StoredMessage[]> {
    const groups = new Map<Queue, StoredMessage[]>();
    for (const message of messages) {
      const arn = task.destinationArn ?? message.sourceArn;
      if (arn === undefined) {
        throw new AwsError(
          "CouldNotDetermineMessageSource",
          "a message was sent to the DLQ directly: name a DestinationArn",
        );
      }
      const destination = this.queues.byArn(arn);
      groups.set(destination, [...(groups.get(destination) ?? []), message]);
    }
    return groups;
  }

  async #record(task: MoveTask): Promise<void> {
    await this.#log?.append({ ...task });
  }

  /** Drops all but the latest tasks of each source. */
  #forget(): void {
    const seen = new Map<string, number>();
    for (const { handle, sourceArn } of [...this.#tasks.values()].reverse()) {
      const count = (seen.get(sourceArn) ?? 0) + 1;
      seen.set(sourceArn, count);
      if (count > REMEMBERED) this.#tasks.delete(handle);
    }
  }
}
