import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { AwsError, type EngineParts, LOCAL_ACCOUNT } from "../service.ts";
import {
  checkAttributes,
  checkRedriveAllowed,
  defaultAttributes,
  mergeAttributes,
  parseRedrivePolicy,
} from "./attributes.ts";
import { invalidParameterValue, queueDoesNotExist } from "./errors.ts";
import { Queue, queueArn } from "./queue.ts";

const NAME = /^[A-Za-z0-9_-]{1,80}$|^[A-Za-z0-9_-]{1,75}\.fifo$/;

/** All queues of the engine. */
export class Queues {
  readonly #byName = new Map<string, Queue>();
  /** Names being created: a second creation waits for the first. */
  readonly #creating = new Map<string, Promise<Queue>>();

  private constructor(
    readonly directory: string,
    readonly parts: EngineParts,
  ) {}

  /** Opens the queues that lie in the data directory. */
  static async open(parts: EngineParts): Promise<Queues> {
    const directory = path.join(parts.dataDirectory, "sqs");
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const queues = new Queues(directory, parts);
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const folder = path.join(directory, entry.name);
      if (entry.name.includes(".deleted-")) await rm(folder, { recursive: true, force: true });
      else {
        const queue = await Queue.open(folder, queues.#queueParts());
        if (queue) queues.#byName.set(queue.name, queue);
      }
    }
    return queues;
  }

  /** All queues, by name. */
  all(): Queue[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): Queue | undefined {
    return this.#byName.get(name);
  }

  /** The queue of this ARN; region and account are not looked at, there is only one of each. */
  findByArn(arn: string): Queue | undefined {
    return this.#byName.get(arn.split(":")[5] ?? "");
  }

  /** @throws AwsError QueueDoesNotExist */
  byArn(arn: string): Queue {
    const queue = this.findByArn(arn);
    if (!queue) throw queueDoesNotExist();
    return queue;
  }

  /** The queue of this URL, whatever its host: the port may differ after a restart. @throws AwsError QueueDoesNotExist */
  byUrl(url: string): Queue {
    const name = url.replace(/\/+$/, "").split("/").at(-1) ?? "";
    const queue = this.#byName.get(decodeURIComponent(name));
    if (!queue) throw queueDoesNotExist();
    return queue;
  }

  url(queue: Pick<Queue, "name">): string {
    return `${this.parts.endpoint()}/${LOCAL_ACCOUNT}/${queue.name}`;
  }

  /** Queues whose redrive policy names this one as their DLQ. */
  sourcesOf(queue: Queue): Queue[] {
    return this.all().filter(
      (source) => parseRedrivePolicy(source.attributes.RedrivePolicy)?.deadLetterTargetArn === queue.arn,
    );
  }

  /**
   * Creates a queue, or returns the one of this name when every given attribute equals its own.
   * @throws AwsError QueueNameExists, InvalidParameterValue, InvalidAttributeName, InvalidAttributeValue
   */
  async create(
    name: string,
    attributes: Record<string, string>,
    tags: Record<string, string> = {},
  ): Promise<Queue> {
    const creating = this.#creating.get(name);
    if (creating) await creating.catch(() => {}); // Its own caller gets the error.
    const existing = this.#byName.get(name);
    if (existing) {
      const wanted = mergeAttributes(existing.attributes, attributes);
      const differs = Object.keys({ ...wanted, ...existing.attributes }).find(
        (key) => wanted[key] !== existing.attributes[key],
      );
      if (differs === undefined) return existing;
      throw new AwsError(
        "QueueNameExists",
        `A queue already exists with the same name and a different value for attribute ${differs}`,
      );
    }
    const creation = this.#create(name, attributes, tags);
    this.#creating.set(name, creation);
    try {
      return await creation;
    } finally {
      this.#creating.delete(name);
    }
  }

  /** Sets attributes of a queue. @throws AwsError as `create` does */
  async setAttributes(queue: Queue, attributes: Record<string, string>): Promise<void> {
    this.check(queue.name, attributes);
    await queue.update(({ tags, attributes: before }) => ({
      tags,
      attributes: mergeAttributes(before, attributes),
    }));
  }

  /** Checks attributes for a queue of this name, and that its DLQ exists, is of the same type and lets it in. */
  check(name: string, attributes: Record<string, string>): void {
    checkAttributes(name, attributes);
    const { RedrivePolicy: policy } = attributes;
    const redrive = parseRedrivePolicy(policy);
    if (!redrive || !policy) return;
    const invalid = (reason: string) =>
      invalidParameterValue(`Value ${policy} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
    const target = this.findByArn(redrive.deadLetterTargetArn);
    if (!target) throw invalid("Dead letter target does not exist.");
    if (target.fifo !== name.endsWith(".fifo")) {
      throw invalid("Dead-letter queue must be same type of queue as the source.");
    }
    checkRedriveAllowed(target.attributes.RedriveAllowPolicy, queueArn(name), policy);
  }

  async delete(queue: Queue): Promise<void> {
    this.#byName.delete(queue.name);
    await queue.destroy();
  }

  async close(): Promise<void> {
    for (const queue of this.#byName.values()) await queue.close();
  }

  async #create(
    name: string,
    attributes: Record<string, string>,
    tags: Record<string, string>,
  ): Promise<Queue> {
    if (!NAME.test(name)) {
      throw invalidParameterValue(
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
      );
    }
    this.check(name, attributes);
    const fifo = name.endsWith(".fifo");
    if (fifo && attributes.FifoQueue !== "true") {
      throw invalidParameterValue(
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
      );
    }
    // Names differ by case, folders on some file systems don't: the hash tells them apart.
    const folder = `${name}-${createHash("sha256").update(name).digest("hex").slice(0, 8)}`;
    const queue = await Queue.open(path.join(this.directory, folder), this.#queueParts(), {
      name,
      attributes: mergeAttributes(defaultAttributes(fifo), attributes),
      tags,
    });
    if (!queue) throw new Error(`the queue ${name} could not be created`);
    this.#byName.set(name, queue);
    return queue;
  }

  #queueParts() {
    return {
      clock: this.parts.clock,
      log: this.parts.log,
      queueByArn: (arn: string) => this.findByArn(arn),
    };
  }
}
