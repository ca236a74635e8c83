import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import { queueDepth } from "../aws/queues.ts";
import { type Letter, readLetter } from "../dead-letters/letter.ts";
import type { Pause } from "../ingest/pause.ts";
import type { LetterExplainer } from "./explain-letters.ts";
import { FIRST_LEASE_SECONDS, Leases, LONGEST_LEASE_MS } from "./leases.ts";
import { Outbound, type OutboundParts, type Prepared } from "./outbound.ts";
import { MAX_BATCH } from "./outgoing.ts";
import type { Router } from "./router.ts";
import type { ReplaySource } from "./types.ts";

/** Empty answers in a row, of all receivers together, after which the queue counts as drained. */
const QUIET_ANSWERS = 2;
/** Pause between two looks at a queue whose messages a killed replay still holds. */
const HELD_POLL_MS = 1_000;

export interface RunParts extends OutboundParts {
  sqs: SQSClient;
  router: Router;
  /** Finds causes that letters don't carry, where `--where` asks for them. */
  explainer: LetterExplainer | undefined;
  pause: Pause;
  /** Receivers and senders side by side. */
  parallel: number;
  /** Long polling: 1 on AWS, where short polling asks only some of the servers; 0 elsewhere. */
  waitSeconds: number;
  onProgress(): void;
  /** So many letters are still hidden by a replay that was killed. */
  onWaiting(hidden: number): void;
}

/**
 * Replays one dead-letter queue: receives, decides, sends, and only then deletes, entry by entry. Several receivers
 * work side by side; what is passed over stays invisible until the end, so that nobody meets it twice. Ends when the
 * queue is drained, the budget is used up, or `halt` is aborted; what was not sent is visible again then.
 * @throws the error for which no more could be sent; nothing is lost then
 */
export async function replayQueue(source: ReplaySource, parts: RunParts): Promise<void> {
  await new QueueReplay(source, parts).run();
}

class QueueReplay {
  /** What was received: still held, or sent and deleted. */
  readonly #states = new Map<string, "held" | "sent">();
  readonly #undeleted = new Set<string>();
  #quiet = 0;
  /** Receivers that work on what they have received, and how often one was done with it. */
  #working = 0;
  #done = 0;
  #idle: (() => void)[] = [];
  readonly #leases: Leases;
  readonly #outbound: Outbound;
  #failure: { error: unknown } | undefined;

  constructor(
    private readonly source: ReplaySource,
    private readonly parts: RunParts,
  ) {
    const { url } = source;
    const { parallel, now, router, batches, explainer } = parts;
    this.#leases = new Leases(batches, url, { parallel, now, onError: (error) => this.#fail(error) });
    const settle = (ids: string[]) => this.#delete(ids);
    this.#outbound = new Outbound({ name: url, deadLetterQueue: url }, router, parts, settle, explainer);
  }

  async run(): Promise<void> {
    const { parts, source } = this;
    this.#leases.start();
    try {
      await this.#receivers();
      while (!this.#over && (await this.#heldByKilled())) {
        await parts.pause(HELD_POLL_MS, parts.halt).catch((error: unknown) => {
          if (!parts.halt.aborted) throw error;
        });
        await this.#receivers();
      }
    } finally {
      this.#leases.stop();
      // Where the services are out of reach, the leases end by themselves.
      await this.#leases.release().catch((error: unknown) => this.#fail(error));
    }
    if (this.#failure) throw this.#failure.error;
    const depth = await queueDepth(parts.sqs, source.url);
    parts.accounts.left(source.url, depth?.visible ?? 0, depth?.inFlight ?? 0);
  }

  get #over(): boolean {
    return this.parts.halt.aborted || this.#failure !== undefined || this.parts.budget.left <= 0;
  }

  async #receivers(): Promise<void> {
    this.#quiet = 0;
    const receivers = Array.from({ length: this.parts.parallel }, () =>
      this.#receive().catch((error: unknown) => this.#fail(error)),
    );
    await Promise.all(receivers);
  }

  /** Whether a killed replay's leases may still hide messages. */
  async #heldByKilled(): Promise<boolean> {
    const { earlier, now, sqs, onWaiting } = this.parts;
    const ends = earlier.unfinished.map(({ touchedMs, killed }) =>
      killed ? touchedMs + LONGEST_LEASE_MS : 0,
    );
    const until = Math.max(0, ...ends);
    if (now() >= until) return false;
    const depth = await queueDepth(sqs, this.source.url);
    const hidden = (depth?.inFlight ?? 0) - this.#leases.size;
    if (hidden > 0) onWaiting(hidden);
    return hidden > 0 || (depth?.visible ?? 0) > 0;
  }

  /** One receiver, until nothing more comes. */
  async #receive(): Promise<void> {
    const { batches, budget, waitSeconds } = this.parts;
    let ready: Prepared[] = [];
    while (this.#quiet < QUIET_ANSWERS && !this.#over) {
      const done = this.#done;
      const messages = await batches.receive({
        QueueUrl: this.source.url,
        MaxNumberOfMessages: Math.min(MAX_BATCH, budget.left),
        VisibilityTimeout: FIRST_LEASE_SECONDS,
        WaitTimeSeconds: waitSeconds,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
      });
      if (messages.length === 0 && this.source.fifo && (this.#working > 0 || this.#done > done)) {
        // A FIFO group is locked while one of its messages is in flight: the empty answer says nothing.
        if (this.#working > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
        continue;
      }
      this.#quiet = messages.length === 0 ? this.#quiet + 1 : 0;
      this.#working++;
      try {
        ready.push(...(await this.#outbound.prepare(await this.#take(messages))));
        // Full batches save requests; within a FIFO group each answer goes out before the next is received.
        const least = this.source.fifo || messages.length === 0 ? 1 : MAX_BATCH;
        while (ready.length >= least) {
          const batch = ready.slice(0, MAX_BATCH);
          ready = ready.slice(MAX_BATCH);
          await this.#outbound.send(batch);
        }
      } finally {
        this.#working--;
        if (messages.length > 0) this.#done++;
        for (const resolve of this.#idle.splice(0)) resolve();
      }
      this.parts.onProgress();
    }
    if (!this.#failure) await this.#outbound.send(ready);
    this.parts.onProgress();
  }

  /** Holds what was received. Returns the letters that are new; those that were sent before are deleted. */
  async #take(messages: readonly Message[]): Promise<Letter[]> {
    const { accounts, earlier } = this.parts;
    const letters: Letter[] = [];
    const sentBefore: string[] = [];
    for (const message of messages) {
      const { MessageId: id = "", ReceiptHandle = "" } = message;
      // A standard queue may deliver twice: the latest handle counts.
      this.#leases.hold(id, ReceiptHandle);
      const state = this.#states.get(id);
      if (state === "sent") sentBefore.push(id);
      if (state !== undefined) continue;
      this.#states.set(id, "held");
      if (earlier.sent.has(id)) {
        accounts.add(this.source.url, "alreadySent");
        sentBefore.push(id);
      } else letters.push(readLetter(message));
    }
    if (sentBefore.length > 0) await this.#delete(sentBefore);
    return letters;
  }

  async #delete(ids: readonly string[]): Promise<void> {
    const { ledger, accounts } = this.parts;
    for (const id of ids) this.#states.set(id, "sent");
    const undeleted = new Set(await this.#leases.delete(ids));
    const before = this.#undeleted.size;
    for (const id of ids) {
      if (undeleted.has(id)) this.#undeleted.add(id);
      else this.#undeleted.delete(id);
    }
    accounts.add(this.source.url, "undeleted", this.#undeleted.size - before);
    const deleted = ids.filter((id) => !undeleted.has(id));
    if (deleted.length > 0) ledger.deleted(deleted);
  }

  /** The first failure ends every receiver. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
  }
}
