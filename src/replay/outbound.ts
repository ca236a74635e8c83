import type { Clients } from "../aws/clients.ts";
import type { SqsBatches } from "../aws/sqs-batches.ts";
import type { Letter } from "../dead-letters/letter.ts";
import { EditError } from "./change.ts";
import type { LetterExplainer } from "./explain-letters.ts";
import type { Earlier, Ledger } from "./ledger.ts";
import type { Limiter } from "./limiter.ts";
import { batches, fingerprint, type Outgoing, outgoing } from "./outgoing.ts";
import { replaysSoFar } from "./replays-so-far.ts";
import { destinationName, type Router } from "./router.ts";
import { NoRouteError } from "./routes/route.ts";
import { type SendOutcome, sendBatch } from "./send.ts";
import type { Accounts } from "./tally.ts";
import type { Destination, ReplayedMessage, Trial } from "./types.ts";
import type { Pace } from "./verify/pace.ts";

/** What decides on each letter. */
export interface Rules {
  /** `--where`, `--older`, `--newer`. */
  select(letter: Letter): boolean;
  /** `--edit`: the letter to send instead, or null to leave it out. @throws EditError */
  edit: ((letter: Letter) => Promise<Letter | null>) | undefined;
  /** `--try-local`: outcomes by message id. */
  trial: ((letters: readonly Letter[]) => Promise<Map<string, Trial>>) | undefined;
  maxReplays: number;
}

export interface OutboundParts {
  clients: Clients;
  batches: SqsBatches;
  ledger: Ledger;
  earlier: Earlier;
  limiter: Limiter;
  /** How far the replay may run ahead of its verification. */
  pace: Pace;
  /** How many may still be sent; shared by the queues of one replay. */
  budget: { left: number };
  accounts: Accounts;
  rules: Rules;
  startedMs: number;
  /** Ctrl-C, or the verification has ended the replay: nothing more is sent. */
  halt: AbortSignal;
  now(): number;
  onReplayed(message: ReplayedMessage): void;
  /** A letter that this replay has sent lies in the dead-letter queue again. */
  onReturned(letter: Letter): void;
}

/** A letter on its way out. */
export interface Prepared {
  letter: Letter;
  destination: Destination;
  message: Outgoing;
}

/** A letter that the rules let through, and what is to be sent of it. */
interface Chosen {
  letter: Letter;
  edited: Letter;
}

/**
 * The way out of one dead-letter queue, or of one file: which letters go, where, and as what. Everything is written
 * to the ledger before it is sent, and once it was taken.
 */
export class Outbound {
  readonly #newIds = new Set<string>();
  /** FIFO groups of which a message was refused: what follows it must not overtake it. */
  readonly #blocked = new Set<string>();

  constructor(
    /** Queue URL or file, for the accounts. */
    private readonly from: { name: string; deadLetterQueue: string | null },
    private readonly router: Router,
    private readonly parts: OutboundParts,
    /** Called when messages were taken and the ledger holds it. */
    private readonly settle: (messageIds: string[]) => Promise<void>,
    /** Finds causes that the letters don't carry; undefined where nothing asks for them. */
    private readonly explainer?: LetterExplainer,
  ) {}

  /** Chooses letters by the rules and finds their way. What doesn't go has been counted. */
  async prepare(letters: readonly Letter[]): Promise<Prepared[]> {
    const { rules, budget } = this.parts;
    const explained = this.explainer ? await this.explainer.explain(letters) : letters;
    let chosen: Chosen[] = [];
    for (const letter of explained) {
      const edited = this.#admit(letter) ? await this.#edit(letter) : null;
      if (edited) chosen.push({ letter, edited });
    }
    if (rules.trial && chosen.length > 0) chosen = await this.#passing(chosen, rules.trial);
    const prepared: Prepared[] = [];
    for (const one of chosen) {
      if (budget.left <= 0) break;
      budget.left--;
      const routed = await this.#route(one);
      if (routed) prepared.push(routed);
      else budget.left++;
    }
    return prepared;
  }

  /** Sends what was prepared, in order. What is halted before it was sent stays where it is, uncounted. */
  async send(prepared: readonly Prepared[]): Promise<void> {
    const groups = new Map<string, (Prepared & { bytes: number })[]>();
    for (const one of prepared) {
      const key = JSON.stringify(one.destination);
      const group = groups.get(key) ?? [];
      group.push({ ...one, bytes: one.message.bytes });
      groups.set(key, group);
    }
    for (const group of groups.values()) {
      for (const batch of batches(group)) await this.#sendInTurn(batch);
    }
  }

  /** Whether the rules let a letter through; else it has been counted. */
  #admit(letter: Letter): boolean {
    const { rules, accounts, earlier, startedMs } = this.parts;
    const replays = replaysSoFar(letter, earlier);
    const sentMs = letter.sentAt === null ? 0 : Date.parse(letter.sentAt);
    if (this.#newIds.has(letter.messageId) || (replays > 0 && sentMs > startedMs)) {
      accounts.skip(this.from.name, "returned");
      this.parts.onReturned(letter);
    } else if (!rules.select(letter)) accounts.skip(this.from.name, "filter");
    else if (replays >= rules.maxReplays) accounts.skip(this.from.name, "replayed");
    else return true;
    return false;
  }

  /** What is to be sent instead of a letter; null, and counted, where it doesn't go. */
  async #edit(letter: Letter): Promise<Letter | null> {
    const { rules, accounts } = this.parts;
    if (!rules.edit) return letter;
    try {
      const edited = await rules.edit(letter);
      if (edited === null) accounts.skip(this.from.name, "edit");
      return edited;
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      accounts.fail(this.from.name, letter, "EDIT_FAILED", `--edit: ${error.message}`);
      return null;
    }
  }

  /** Those that pass the trial, as they would be sent. */
  async #passing(chosen: readonly Chosen[], trial: NonNullable<Rules["trial"]>): Promise<Chosen[]> {
    const outcomes = await trial(chosen.map(({ edited }) => edited));
    return chosen.filter(({ letter }) => {
      if (outcomes.get(letter.messageId)?.passed === true) return true;
      this.parts.accounts.skip(this.from.name, "trial");
      return false;
    });
  }

  async #route({ letter, edited }: Chosen): Promise<Prepared | undefined> {
    const { accounts, earlier } = this.parts;
    const fail = (code: string, reason: string) => accounts.fail(this.from.name, letter, code, reason);
    try {
      const { destination, content } = await this.router.route(edited);
      const fifo = isFifo(destination);
      const message = outgoing(edited, content, fifo, replaysSoFar(letter, earlier) + 1);
      // Functions and event buses take no attributes.
      if (destination.kind === "function" || destination.kind === "bus") {
        message.countedAs = fingerprint(message.body, message.attributes);
      }
      if (!fifo || message.groupId !== undefined) return { letter, destination, message };
      fail("NO_MESSAGE_GROUP", `${destinationName(destination)} is FIFO, and the message has no group.`);
    } catch (error) {
      if (!(error instanceof NoRouteError)) throw error;
      fail(error.code, error.message);
    }
    return undefined;
  }

  /** Waits for the rate and for the verification, then sends the batch, in parts where these want it so. */
  async #sendInTurn(batch: readonly Prepared[]): Promise<void> {
    const { limiter, pace, halt } = this.parts;
    let rest = batch.filter((one) => !this.#isBlocked(one));
    while (rest.length > 0) {
      let room: number;
      try {
        room = await pace.take(rest.length, halt);
        await limiter.pass(room, halt);
      } catch (error) {
        if (halt.aborted) return;
        throw error;
      }
      if (halt.aborted) return;
      await this.#sendBatch(rest.slice(0, room));
      rest = rest.slice(room).filter((one) => !this.#isBlocked(one));
    }
  }

  async #sendBatch(batch: readonly Prepared[]): Promise<void> {
    const { ledger, accounts } = this.parts;
    const [first] = batch;
    if (!first) return;
    ledger.sending(batch.map(({ letter }) => letter.messageId));
    const { sent, refused, failure } = await this.#sendOrRefuse(first.destination, batch);
    const letterOf = (message: Outgoing) =>
      batch.find((one) => one.message === message)?.letter ?? first.letter;
    if (refused.length > 0) ledger.refused(refused.map(({ message }) => message.messageId));
    // Nothing will be heard of these.
    this.parts.pace.open(refused.length);
    for (const { message, code, reason } of refused) {
      accounts.fail(this.from.name, letterOf(message), code, reason);
      if (message.deduplicationId !== undefined) this.#blocked.add(message.groupId ?? "");
    }
    if (sent.length > 0) await this.#settleSent(first.destination, sent, letterOf);
    if (failure) throw failure.error;
  }

  /** Notes what was taken, then has it deleted. */
  async #settleSent(
    destination: Destination,
    sent: SendOutcome["sent"],
    letterOf: (message: Outgoing) => Letter,
  ): Promise<void> {
    const { ledger, accounts, now, earlier } = this.parts;
    const sentAt = new Date(now()).toISOString();
    const entries = sent.map(({ message, newMessageId }) => ({
      id: message.messageId,
      newId: newMessageId,
      n: message.replayCount,
      f: message.countedAs,
      dedup: letterOf(message).raw.Attributes?.MessageDeduplicationId,
    }));
    for (const { newId } of entries) if (newId !== null) this.#newIds.add(newId);
    let unwritten: unknown;
    try {
      ledger.sent(destinationName(destination), sentAt, entries);
    } catch (error) {
      unwritten = error;
    }
    for (const { message, newMessageId } of sent) {
      accounts.add(this.from.name, "replayed");
      if (earlier.uncertain.has(message.messageId)) accounts.maybeDoubled++;
      this.parts.onReplayed({
        letter: letterOf(message),
        newMessageId,
        destination,
        sentAt,
        replayCount: message.replayCount,
        deadLetterQueue: this.from.deadLetterQueue,
      });
    }
    // Sent is sent: without a ledger it is all the more to be deleted now.
    await this.settle(entries.map(({ id }) => id));
    if (unwritten !== undefined) throw unwritten;
  }

  /** Sends; where the request as a whole is refused, so is each message of it. */
  async #sendOrRefuse(destination: Destination, batch: readonly Prepared[]): Promise<SendOutcome> {
    const messages = batch.map(({ message }) => message);
    const outcome = await sendBatch(destination, messages, this.parts.clients, this.parts.batches);
    const { sent, refused, failure } = outcome;
    if (!failure || !isAboutDestination(failure.error)) return outcome;
    const { name: code, message: text } = failure.error;
    const told = new Set([...sent, ...refused].map(({ message }) => message));
    const others = messages.filter((message) => !told.has(message));
    const reason = `${destinationName(destination)}: ${text}`;
    return { sent, refused: [...refused, ...others.map((message) => ({ message, code, reason }))] };
  }

  #isBlocked({ message, letter }: Prepared): boolean {
    if (message.deduplicationId === undefined || !this.#blocked.has(message.groupId ?? "")) return false;
    const reason = "An earlier message of its FIFO group was refused: what follows must not overtake it.";
    this.parts.accounts.fail(this.from.name, letter, "GROUP_BLOCKED", reason);
    return true;
  }
}

/** Whether a destination keeps order and drops repeated deduplication ids. */
export function isFifo(destination: Destination): boolean {
  if (destination.kind === "queue") return destination.fifo;
  return destination.kind === "topic" && destination.arn.endsWith(".fifo");
}

/** The destination is gone, or takes no such request: every letter for it stays, others go on. */
function isAboutDestination(error: unknown): error is Error {
  return (
    error instanceof Error &&
    /QueueDoesNotExist|NonExistentQueue|NotFound|InvalidParameterValue|UnsupportedOperation/.test(error.name)
  );
}
