import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { AwsError, type EngineParts } from "../service.ts";
import { Bucket, type BucketSettings } from "./bucket.ts";
import { noSuchBucket } from "./errors.ts";
import { type Change, type ChangeKind, eventName } from "./events.ts";
import { matching } from "./notifications.ts";
import { Outbox } from "./outbox.ts";

/** Sequences are times in units of 1/4096 ms at least, so that they grow over restarts too. */
const SEQUENCES_PER_MS = 4096;
const REMOVED = ".removed-";
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET_NAME = /^(?!xn--|sthree-|\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** A write that is about to happen. */
export interface PlannedChange {
  kind: ChangeKind;
  key: string;
  requestId: string;
  size?: number;
  etag?: string;
  /** Whose event it is, when that is not the version that the write makes. */
  versionId?: string | null;
}

/** All buckets, and the one way in which objects change: condition, outbox, rename, event. */
export class Store {
  readonly #buckets = new Map<string, Bucket>();
  #lastSequence = 0;

  private constructor(
    private readonly root: string,
    private readonly parts: EngineParts,
    private readonly outbox: Outbox,
  ) {}

  /** Opens what an earlier engine left in `<dataDirectory>/s3`, and sends the events it still owed. */
  static async open(parts: EngineParts): Promise<Store> {
    const root = path.join(parts.dataDirectory, "s3");
    fs.mkdirSync(root, { recursive: true, mode: 0o700 });
    const outbox = await Outbox.open(path.join(root, "outbox.log"), parts);
    const store = new Store(root, parts, outbox);
    store.#load();
    store.#lastSequence = Math.max(store.#lastSequence, outbox.lastSequence);
    outbox.replay((change) => store.#happened(change));
    return store;
  }

  now(): number {
    return this.parts.clock.now();
  }

  names(): string[] {
    return [...this.#buckets.keys()].sort();
  }

  find(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  /** @throws AwsError NoSuchBucket */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw noSuchBucket(name);
    return bucket;
  }

  /** @throws AwsError InvalidBucketName */
  create(name: string, settings: Partial<BucketSettings> = {}): Bucket {
    if (!BUCKET_NAME.test(name)) {
      throw new AwsError("InvalidBucketName", "The specified bucket is not valid.", 400, {
        BucketName: name,
      });
    }
    const bucket = Bucket.create(path.join(this.root, name), {
      name,
      created: this.now(),
      location: "",
      versioning: null,
      notifications: { eventBridge: false, targets: [] },
      ...settings,
    });
    this.#buckets.set(name, bucket);
    return bucket;
  }

  /** Removes a bucket with all its data; a bucket that is not there is no fault. */
  async remove(name: string): Promise<void> {
    const bucket = this.#buckets.get(name);
    if (!bucket) return;
    const removed = path.join(this.root, `${REMOVED}${randomUUID()}`);
    fs.renameSync(bucket.directory, removed);
    this.#buckets.delete(name);
    await fs.promises.rm(removed, { recursive: true, force: true });
  }

  /** Resolves when a receiver has the message. @throws what the receiver answers */
  deliver(arn: string, body: string): Promise<void> {
    return this.parts.wiring.deliver(arn, { body });
  }

  /**
   * Makes one change of an object and resolves when its receivers were told (or when it is sure that they
   * will be). `check` runs first and once more right before `make`, without anything in between, so that of
   * several conditional writes of one key exactly one wins.
   * @param make is given the sequence, version id and time of the change
   * @throws what `check` and `make` throw; nothing has changed then
   */
  async change<T>(
    bucket: Bucket,
    planned: PlannedChange,
    check: () => void,
    make: (sequence: number, versionId: string | null, timeMs: number) => T,
  ): Promise<T> {
    check();
    const time = this.now();
    const sequence = this.#nextSequence(time);
    const versionId = bucket.nextVersionId(sequence);
    const change = this.#describe(bucket, { versionId, ...planned }, sequence, time);
    if (change) await this.outbox.intend(change);
    let made: T;
    try {
      if (this.#buckets.get(bucket.name) !== bucket) throw noSuchBucket(bucket.name);
      check();
      made = make(sequence, versionId, time);
    } catch (error) {
      if (change) this.outbox.cancel(change);
      throw error;
    }
    if (change) await this.outbox.deliver(change);
    return made;
  }

  async close(): Promise<void> {
    await this.outbox.close();
  }

  /** The event of a change, or undefined when nobody wants it. */
  #describe(
    bucket: Bucket,
    { kind, key, requestId, size, etag, versionId = null }: PlannedChange,
    sequence: number,
    time: number,
  ): Change | undefined {
    const { eventBridge } = bucket.settings.notifications;
    const targets = matching(bucket.settings.notifications, eventName(kind), key).map(({ arn, id }) => ({
      arn,
      configurationId: id,
    }));
    if (!eventBridge && targets.length === 0) return undefined;
    return {
      kind,
      bucket: bucket.name,
      key,
      versionId,
      sequence,
      size,
      etag,
      time,
      requestId,
      eventBridge,
      targets,
    };
  }

  /** Whether a change that was intended before a crash was made: its trace is in the index, or it is not. */
  #happened(change: Change): boolean {
    const bucket = this.#buckets.get(change.bucket);
    if (!bucket) return false;
    const version = bucket.index.find(change.key, change.versionId);
    if (change.kind === "Delete") return !version || version.sequence > change.sequence;
    if (change.versionId !== null) return version !== undefined;
    return version !== undefined && version.sequence >= change.sequence;
  }

  #nextSequence(nowMs: number): number {
    this.#lastSequence = Math.max(this.#lastSequence + 1, nowMs * SEQUENCES_PER_MS);
    return this.#lastSequence;
  }

  #load(): void {
    for (const name of fs.readdirSync(this.root)) {
      const directory = path.join(this.root, name);
      if (name.startsWith(REMOVED)) fs.rmSync(directory, { recursive: true, force: true });
      else if (fs.statSync(directory).isDirectory()) this.#loadBucket(name, directory);
    }
  }

  #loadBucket(name: string, directory: string): void {
    const bucket = Bucket.load(directory, (message) => this.parts.log(`s3: left out of ${name}: ${message}`));
    if (!bucket) {
      fs.rmSync(directory, { recursive: true, force: true });
      return;
    }
    this.#buckets.set(name, bucket);
    for (const key of bucket.index.keys.from("")) {
      this.#lastSequence = Math.max(this.#lastSequence, bucket.index.latest(key)?.sequence ?? 0);
    }
  }
}
