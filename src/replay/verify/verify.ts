import { queueDepth } from "../../aws/queues.ts";
import { lookThrough } from "../../dead-letters/look.ts";
import { type Pause, systemPause } from "../../ingest/pause.ts";
import type { Deployment } from "../../topology/deployment.ts";
import type { ReplayedMessage, Verification, VerifyOptions } from "../types.ts";
import { LogEvidence } from "./log-evidence.ts";
import { ObjectEvidence } from "./object-evidence.ts";
import { Watch, type Watched } from "./watch.ts";

/** Milliseconds between two looks. On AWS a function's batch window alone takes 20 s. */
const POLL_MS = { local: 300, aws: 3_000 };
/** Messages whose end is known before `maxFailures` counts, unless the replay has sent fewer in all. */
const MIN_SAMPLE = 20;
/** So many more may be sent for each message whose end is known. */
const GROWTH = 5;
/** How long a replay waits for the first messages of which no end can be seen, until their queue is drained. */
const BLIND_WAIT_MS = 30_000;
/** Receivers of one look into a dead-letter queue. */
const RECEIVERS = 4;
/** Looks in a row without news before the dead-letter queues are looked through again. */
const QUIET_LOOKS = 4;

/**
 * Follows a running replay until each message that it sent is processed or dead again, by evidence in this order: the
 * claim of its object version and the output that it names; the handler's line in the log. Of a queue that edp knows
 * nothing about, it can only be seen that nothing came back and the queue is drained: `unconfirmed`. Ends the replay when
 * more than `maxFailures` percent die again, or when nothing ends at all.
 * @param messages what the replay has sent; ends with it
 * @returns when every end is known, or `timeoutMs` after the last message was sent
 * @throws errors of SQS and S3; the signal's abortion only ends it
 */
export async function verifyReplay(
  messages: AsyncIterable<ReplayedMessage>,
  options: VerifyOptions,
  pause: Pause = systemPause,
): Promise<Verification> {
  const objects = await ObjectEvidence.open(options.place.deployment, options.clients);
  return new Verifier(options, objects, pause).run(messages);
}

class Verifier {
  readonly #watch = new Watch();
  readonly #logsReady: Promise<LogEvidence | undefined>;
  readonly #depths = new Map<string, number>();
  #allSent = false;
  #lastSent: number;
  #opened = 0;
  #failure: { error: unknown } | undefined;
  #stopped: string | null = null;

  constructor(
    private readonly options: VerifyOptions,
    private readonly objects: ObjectEvidence,
    private readonly pause: Pause,
  ) {
    this.#lastSent = options.context.now();
    this.#logsReady = this.#openLogs();
  }

  async run(messages: AsyncIterable<ReplayedMessage>): Promise<Verification> {
    const { context, place } = this.options;
    const pollMs = place.endpoint === null ? POLL_MS.aws : POLL_MS.local;
    const sending = this.#takeMessages(messages);
    const returning = this.#takeReturned();
    let progress: ReturnType<typeof context.terminal.progress> | undefined;
    try {
      for (let quiet = 0; ; ) {
        const before = this.#watch.decided;
        await this.#look(quiet >= QUIET_LOOKS);
        quiet = this.#watch.decided > before ? 0 : (quiet + 1) % (QUIET_LOOKS + 1);
        this.#throwIfFailed();
        this.#judge();
        if (this.#over) break;
        if (this.#allSent) {
          progress ??= context.terminal.progress("Verifying", this.#watch.sent, "messages");
          progress.update(this.#watch.decided);
        }
        await this.pause(pollMs, context.signal);
      }
      await Promise.all([sending, returning]);
    } catch (error) {
      if (!context.signal.aborted) throw error;
    } finally {
      progress?.end();
    }
    for (const watched of [...this.#watch.open]) this.#watch.decide(watched, { state: "unconfirmed" });
    return { ...this.#watch.counts, stopped: this.#stopped, examples: this.#watch.examples };
  }

  get #over(): boolean {
    if (!this.#allSent) return false;
    return (
      this.#watch.open.size === 0 || this.options.context.now() - this.#lastSent >= this.options.timeoutMs
    );
  }

  async #look(thorough: boolean): Promise<void> {
    const { context } = this.options;
    const watch = this.#watch;
    if (watch.open.size === 0) return;
    const logs = await this.#logsReady;
    const ended = await logs?.look(watch, context.now(), context.signal);
    const prompted = new Set([...(ended?.objects.keys() ?? [])].flatMap((id) => watch.about(id)));
    await this.objects.look(watch, prompted);
    for (const [id, state] of ended?.objects ?? []) watch.settleObject(id, state, "log");
    for (const [watched, state] of ended?.messages ?? []) watch.decide(watched, { state, by: "log" });
    // While the replay runs, it holds what it passed over; what comes back to it arrives as `returned`.
    if (this.#allSent) await this.#lookAtDeadLetters(thorough);
    await this.#settleBlind();
  }

  /** What came back since the replay has ended. */
  async #lookAtDeadLetters(thorough: boolean): Promise<void> {
    const { clients, context, place } = this.options;
    const sqs = await clients.sqs();
    for (const url of this.#deadLetterQueues()) {
      if (this.#watch.open.size === 0) return;
      const visible = (await queueDepth(sqs, url))?.visible ?? 0;
      const before = this.#depths.get(url);
      this.#depths.set(url, visible);
      if (visible === 0 || (visible === before && !thorough)) continue;
      const waitSeconds = place.endpoint === null ? 1 : 0;
      const look = { parallel: RECEIVERS, waitSeconds, now: context.now, signal: context.signal };
      for await (const letter of lookThrough(sqs, url, look)) {
        this.#watch.returned(letter);
        if (this.#watch.open.size === 0) break;
      }
    }
  }

  /** Where the replayed letters came from: what fails again comes back to the same place. */
  #deadLetterQueues(): Set<string> {
    return new Set([...this.#watch.open].flatMap(({ deadLetterQueue }) => deadLetterQueue ?? []));
  }

  /** Messages of which no end can be seen: once their queue is drained and they didn't come back, nobody knows more. */
  async #settleBlind(): Promise<void> {
    const blind = [...this.#watch.open].filter((watched) => !this.#canTellOf(watched));
    if (blind.length === 0) return;
    const drained = new Map<string, boolean>();
    for (const watched of blind) {
      const { destination } = watched;
      const url = destination.kind === "queue" ? destination.url : "";
      if (!drained.has(url)) drained.set(url, url === "" || (await this.#isDrained(url)));
      if (drained.get(url)) this.#watch.decide(watched, { state: "unconfirmed" });
    }
  }

  #canTellOf(watched: Watched): boolean {
    if (this.objects.canTellOf(watched)) return true;
    const { destination } = watched;
    return (
      destination.kind === "function" &&
      this.#logGroups().has(`/aws/lambda/${functionName(destination.name)}`)
    );
  }

  async #isDrained(url: string): Promise<boolean> {
    const depth = await queueDepth(await this.options.clients.sqs(), url);
    return depth === null || depth.visible + depth.inFlight + depth.delayed === 0;
  }

  /** Lets more be sent, or ends the replay. */
  #judge(): void {
    const { maxFailures, pace, timeoutMs, context } = this.options;
    const { deadAgain } = this.#watch.counts;
    const { sent, decided, open, examples } = this.#watch;
    if (this.#stopped !== null || this.#allSent) return;
    // Measured against all that was sent: what is still on its way may end well.
    const enough = decided >= MIN_SAMPLE || (open.size === 0 && pace.exhausted);
    if (enough && deadAgain * 100 > maxFailures * sent) {
      const why = examples[0]?.reason;
      this.#stop(
        `${deadAgain} of ${sent} replayed messages died again, more than ${maxFailures} %${why ? ` (${why})` : ""}`,
      );
      return;
    }
    const waitedMs = context.now() - this.#lastSent;
    if (open.size > 0 && waitedMs >= timeoutMs) {
      this.#stop(`${open.size} replayed messages came to no end within ${timeoutMs / 1000} s`);
      return;
    }
    // Too many so far: nothing more goes out until those on their way have shown whether it stays so.
    if (deadAgain * 100 > maxFailures * decided) return;
    const blind = open.size > 0 && [...open].every((watched) => !this.#canTellOf(watched));
    const allowed = blind && waitedMs >= BLIND_WAIT_MS ? Number.POSITIVE_INFINITY : decided * GROWTH;
    if (allowed > this.#opened) pace.open(allowed - this.#opened);
    this.#opened = Math.max(this.#opened, allowed);
  }

  #stop(reason: string): void {
    this.#stopped = reason;
    this.options.stop(reason);
  }

  async #takeMessages(messages: AsyncIterable<ReplayedMessage>): Promise<void> {
    try {
      for await (const message of messages) {
        this.#watch.add(message);
        this.#lastSent = this.options.context.now();
      }
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#allSent = true;
  }

  async #takeReturned(): Promise<void> {
    try {
      for await (const letter of this.options.returned) this.#watch.returned(letter);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #openLogs(): Promise<LogEvidence | undefined> {
    const groups = [...this.#logGroups()];
    if (groups.length === 0) return undefined;
    const { clients, context } = this.options;
    const warn = (problem: string) => context.terminal.debug(`verification: ${problem}`);
    return new LogEvidence(await clients.logs(), groups, context.now(), warn);
  }

  /** Log groups of the functions of the pipelines whose letters are replayed. */
  #logGroups(): Set<string> {
    return logGroupsOf(
      this.options.place.deployment,
      new Set(this.options.sources.map(({ pipeline }) => pipeline)),
    );
  }
}

function logGroupsOf(deployment: Deployment | null, pipelines: ReadonlySet<string | null>): Set<string> {
  const chosen = Object.entries(deployment?.pipelines ?? {}).filter(([name]) => pipelines.has(name));
  return new Set(
    chosen.flatMap(([, { addresses }]) => Object.values(addresses.functions).map(({ logGroup }) => logGroup)),
  );
}

/** Name in a function's name or ARN. */
function functionName(reference: string): string {
  return /function:([^:]+)/.exec(reference)?.[1] ?? reference;
}
