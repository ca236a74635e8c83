import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import { type Letter, readLetter } from "./letter.ts";

/** How long a message is hidden from others at a time while it is looked at, in seconds. */
const VISIBILITY_SECONDS = 60;
/** Messages held longer than this are held anew, so that none shows up again before the look ends. */
const EXTEND_AFTER_MS = 30_000;
const HEARTBEAT_MS = 10_000;
/** Most messages of one ReceiveMessage and ChangeMessageVisibilityBatch. */
const BATCH = 10;
/** Answers in a row without a message not seen before, after which a receiver ends. */
const QUIET_ANSWERS = 2;
/** Letters read ahead of whoever takes them. */
const READ_AHEAD = 2_000;

/** A look ends after so many letters: a standard queue has at most 120,000 messages in flight. */
export const MOST_LETTERS = 100_000;

export interface LookOptions {
  /** Receivers side by side; on AWS 16 take some 5,000 messages a second. */
  parallel: number;
  /** Long polling, in seconds: 1 on AWS, where short polling asks only some of the servers; 0 locally. */
  waitSeconds: number;
  /** Milliseconds since the epoch. */
  now(): number;
  signal: AbortSignal;
}

/**
 * Looks through a queue without taking anything from it: every message is received with a short visibility
 * timeout, kept hidden until the look ends, and then given back by ChangeMessageVisibilityBatch(0). Each message id
 * comes once. Ends when no new ones come, or after MOST_LETTERS. Other consumers may work at the same time; what
 * they hold isn't seen. On a FIFO queue the first ten messages of each group are seen, since a group with
 * messages in flight is locked. After a crash the messages are back within a minute.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
 * @throws the signal's reason when it is aborted, and errors of SQS; what is held has been given back then
 */
export async function* lookThrough(
  sqs: SQSClient,
  queueUrl: string,
  options: LookOptions,
): AsyncGenerator<Letter> {
  const look = new Look(sqs, queueUrl, options);
  const receivers = Array.from({ length: options.parallel }, () =>
    look.receive().catch((error: unknown) => look.fail(error)),
  );
  const finished = Promise.all(receivers).then(() => look.end());
  // Whoever takes the letters may be slow: what is held stays held.
  const heartbeat = setInterval(() => {
    look.extend().catch((error: unknown) => look.fail(error));
  }, HEARTBEAT_MS);
  try {
    for (;;) {
      const message = look.next();
      if (message) yield readLetter(message);
      else if (look.ended) break;
      else await look.change();
    }
    look.throwIfFailed();
  } finally {
    clearInterval(heartbeat);
    look.stop();
    await finished;
    await look.giveBack();
  }
}

/** What the receivers of one look share. */
class Look {
  readonly #seen = new Set<string>();
  readonly #held: { handle: string; since: number }[] = [];
  #ready: Message[] = [];
  #taken = 0;
  #stopped = false;
  #failure: { error: unknown } | undefined;
  #waiting: (() => void)[] = [];
  /** No receiver runs any more. */
  ended = false;

  constructor(
    private readonly sqs: SQSClient,
    private readonly queueUrl: string,
    private readonly options: LookOptions,
  ) {}

  /** One receiver: receives until nothing new comes. */
  async receive(): Promise<void> {
    const { ReceiveMessageCommand } = await import("@aws-sdk/client-sqs");
    const { signal, waitSeconds } = this.options;
    for (let quiet = 0; quiet < QUIET_ANSWERS && !this.#done; ) {
      signal.throwIfAborted();
      const { Messages = [] } = await this.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: this.queueUrl,
          MaxNumberOfMessages: BATCH,
          VisibilityTimeout: VISIBILITY_SECONDS,
          WaitTimeSeconds: waitSeconds,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["All"],
        }),
      );
      quiet = this.#keep(Messages) ? 0 : quiet + 1;
      while (this.#ready.length - this.#taken > READ_AHEAD && !this.#done) await this.change();
    }
  }

  get #done(): boolean {
    return this.#stopped || this.#failure !== undefined || this.#seen.size >= MOST_LETTERS;
  }

  /** Remembers what was received. Returns whether something new was in it. */
  #keep(messages: readonly Message[]): boolean {
    const before = this.#seen.size;
    for (const message of messages) {
      const { MessageId = "", ReceiptHandle } = message;
      if (ReceiptHandle) this.#held.push({ handle: ReceiptHandle, since: this.options.now() });
      if (this.#seen.has(MessageId)) continue;
      this.#seen.add(MessageId);
      this.#ready.push(message);
    }
    if (this.#seen.size === before) return false;
    this.#announce();
    return true;
  }

  /** The next message, if one is there. */
  next(): Message | undefined {
    const message = this.#ready[this.#taken];
    if (message === undefined) return undefined;
    this.#taken++;
    if (this.#taken >= READ_AHEAD) {
      this.#ready = this.#ready.slice(this.#taken);
      this.#taken = 0;
      this.#announce();
    }
    return message;
  }

  /** Resolves at the next change: messages have come or were taken, or the look has ended. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#stopped = true;
    this.#announce();
  }

  /** The first failure ends every receiver. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#announce();
  }

  end(): void {
    this.ended = true;
    this.#announce();
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Holds again what has been held for long. */
  async extend(): Promise<void> {
    const now = this.options.now();
    const fresh = this.#held.findIndex(({ since }) => now - since < EXTEND_AFTER_MS);
    const old = this.#held.splice(0, fresh === -1 ? this.#held.length : fresh);
    for (const entry of old) this.#held.push({ ...entry, since: now });
    await this.#setVisibilities(
      old.map(({ handle }) => handle),
      VISIBILITY_SECONDS,
    );
  }

  /** Makes everything visible again. A failure matters only where the look itself went well. */
  async giveBack(): Promise<void> {
    const handles = this.#held.splice(0).map(({ handle }) => handle);
    try {
      await this.#setVisibilities(handles, 0);
    } catch (error) {
      if (!this.#failure) throw error;
    }
  }

  /** Entries that fail are passed over: their messages are gone, or visible already. */
  async #setVisibilities(handles: readonly string[], VisibilityTimeout: number): Promise<void> {
    if (handles.length === 0) return;
    const [{ ChangeMessageVisibilityBatchCommand }, { default: pMap }] = await Promise.all([
      import("@aws-sdk/client-sqs"),
      import("p-map"),
    ]);
    const batches: string[][] = [];
    for (let first = 0; first < handles.length; first += BATCH) {
      batches.push(handles.slice(first, first + BATCH));
    }
    await pMap(
      batches,
      (batch) =>
        this.sqs.send(
          new ChangeMessageVisibilityBatchCommand({
            QueueUrl: this.queueUrl,
            Entries: batch.map((ReceiptHandle, index) => ({
              Id: String(index),
              ReceiptHandle,
              VisibilityTimeout,
            })),
          }),
        ),
      { concurrency: this.options.parallel },
    );
  }

  #announce(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
