import { createHash } from "node:crypto";
import type { Letter } from "../../dead-letters/letter.ts";
import type { ObjectVersion } from "../../lambda/shared/object-events.ts";
import type { ReplayedMessage, Verification } from "../types.ts";

/** A dead letter can't have been sent earlier than the replay that brought it back; clocks may differ by this. */
const SKEW_MS = 5_000;
/** Messages that died again which are told with their reason. */
const MAX_EXAMPLES = 10;

/** How a replayed message ended, and by what this is known. */
export type Verdict =
  | { state: "processed" | "rejected"; by: "claim" | "log" }
  | { state: "deadAgain"; reason: string | null }
  | { state: "unconfirmed" };

/** A replayed message whose end is waited for; without its body, of which there may be a MiB. */
export interface Watched extends Pick<ReplayedMessage, "destination" | "deadLetterQueue"> {
  /** Id of the dead letter. */
  messageId: string;
  /** Object versions that it is about. */
  objects: readonly ObjectVersion[];
  sentMs: number;
  /** Those of them whose end is not known. */
  open: Set<string>;
  /** Whether one of its object versions was processed; the others were rejected. */
  processed: boolean;
  verdict: Verdict | undefined;
}

/** Names an object version across buckets. */
export function objectId({ bucket, key, version }: ObjectVersion): string {
  return `${bucket}\0${key}\0${version}`;
}

/** The replayed messages, by everything that evidence may name them by. */
export class Watch {
  readonly #open = new Set<Watched>();
  readonly #byName = new Map<string, Watched[]>();
  readonly #counts = { processed: 0, rejected: 0, deadAgain: 0, unconfirmed: 0 };
  readonly examples: Verification["examples"] = [];
  /** Messages that were replayed so far. */
  sent = 0;

  add({ letter, newMessageId, sentAt, destination, deadLetterQueue }: ReplayedMessage): void {
    const open = new Set(letter.objects.map(objectId));
    const watched: Watched = {
      destination,
      deadLetterQueue,
      messageId: letter.messageId,
      objects: letter.objects,
      sentMs: Date.parse(sentAt),
      open,
      processed: false,
      verdict: undefined,
    };
    this.sent++;
    this.#open.add(watched);
    if (newMessageId !== null) this.#name(`id ${newMessageId}`, watched);
    if (letter.eventId !== null) this.#name(`event ${letter.eventId}`, watched);
    for (const id of open) this.#name(`object ${id}`, watched);
    this.#name(bodyName(letter), watched);
  }

  /** Messages whose end is not known. */
  get open(): ReadonlySet<Watched> {
    return this.#open;
  }

  get counts(): Readonly<Record<"processed" | "rejected" | "deadAgain" | "unconfirmed", number>> {
    return this.#counts;
  }

  /** Messages whose end is known. */
  get decided(): number {
    return this.sent - this.#open.size;
  }

  /** Open messages of this new message id. */
  named(newMessageId: string): Watched[] {
    return this.#find(`id ${newMessageId}`);
  }

  /** Open messages about this object version. */
  about(id: string): Watched[] {
    return this.#find(`object ${id}`);
  }

  /** An object version came to its end: so do the messages that are about nothing else. */
  settleObject(id: string, state: "processed" | "rejected", by: "claim" | "log"): void {
    for (const watched of this.#find(`object ${id}`)) {
      watched.open.delete(id);
      watched.processed ||= state === "processed";
      if (watched.open.size > 0) continue;
      this.decide(watched, { state: watched.processed ? "processed" : "rejected", by });
    }
  }

  /** Notes how a message ended. What could not be confirmed may still turn out to be dead. */
  decide(watched: Watched, verdict: Verdict): void {
    if (watched.verdict?.state === "unconfirmed") this.#counts.unconfirmed--;
    else if (watched.verdict) return;
    this.#open.delete(watched);
    watched.verdict = verdict;
    this.#counts[verdict.state]++;
    if (verdict.state !== "deadAgain" || this.examples.length >= MAX_EXAMPLES) return;
    this.examples.push({ messageId: watched.messageId, reason: verdict.reason });
  }

  /** A message in a dead-letter queue: was it replayed, and has it come back? */
  returned(letter: Letter): void {
    const { cause, messageId, eventId, objects } = letter;
    const names = [
      `id ${messageId}`,
      ...(eventId === null ? [] : [`event ${eventId}`]),
      ...objects.map((object) => `object ${objectId(object)}`),
      bodyName(letter),
    ];
    for (const name of names) {
      // Equal bodies may have been replayed more than once: each letter stands for one of them.
      const [watched] = this.#find(name).filter((one) => this.#cameLater(letter, one));
      if (!watched) continue;
      this.decide(watched, { state: "deadAgain", reason: reasonOf(cause) });
      return;
    }
  }

  #cameLater(letter: Letter, { messageId, sentMs }: Watched): boolean {
    if (letter.messageId === messageId) return false;
    return letter.sentAt === null || Date.parse(letter.sentAt) >= sentMs - SKEW_MS;
  }

  #name(name: string, watched: Watched): void {
    const known = this.#byName.get(name);
    if (known) known.push(watched);
    else this.#byName.set(name, [watched]);
  }

  #find(name: string): Watched[] {
    return (this.#byName.get(name) ?? []).filter(
      ({ verdict }) => verdict === undefined || verdict.state === "unconfirmed",
    );
  }
}

function bodyName({ raw: { Body = "" } }: Letter): string {
  return `body ${createHash("sha256").update(Body).digest("base64url")}`;
}

/** One line for people, null where nobody says why. */
export function reasonOf({ errorCode, path, message }: Letter["cause"]): string | null {
  if (errorCode === null && message === null) return null;
  return `${errorCode ?? "no code"}${path ? ` at ${path}` : ""}${message ? `: ${message}` : ""}`;
}
