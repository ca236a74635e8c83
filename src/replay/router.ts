import type { Clients } from "../aws/clients.ts";
import { isFromEventBridge } from "../dead-letters/cause.ts";
import { isSnsNotification } from "../dead-letters/envelope.ts";
import type { Letter } from "../dead-letters/letter.ts";
import { CAUSE_ATTRIBUTE } from "../lambda/shared/dead-letters.ts";
import type { Content } from "./outgoing.ts";
import { eventTarget } from "./routes/event-target.ts";
import { asyncFunction, destinationRecord, isDestinationRecord } from "./routes/function.ts";
import {
  NoRouteError,
  type QueueDestination,
  queueByArn,
  type Route,
  type RouteParts,
} from "./routes/route.ts";
import { subscriber } from "./routes/subscription.ts";
import type { Destination } from "./types.ts";

/** What SNS and Lambda add to a message that they could not deliver. */
const FAILURE_ATTRIBUTES = ["RequestID", "ErrorCode", "ErrorMessage"];

/**
 * Finds the way back of each letter of one dead-letter queue: what came by redrive, or was put there by a function,
 * to the queue it came from; what SNS, EventBridge or Lambda could not deliver, to where they wanted to deliver it.
 */
export class Router {
  readonly #parts: RouteParts;

  constructor(
    clients: Clients,
    source: RouteParts["source"],
    /** `--to`: everything goes there. */
    private readonly to: QueueDestination | undefined,
  ) {
    const asked = new Map<string, Promise<unknown>>();
    this.#parts = {
      clients,
      source,
      once: <T>(name: string, ask: () => Promise<T>) => {
        const known = asked.get(name) ?? ask();
        asked.set(name, known);
        return known as Promise<T>;
      },
    };
  }

  /** @throws NoRouteError with the reason why a letter can't go back. */
  async route(letter: Letter): Promise<Route> {
    const { Body = "", MessageAttributes = {}, Attributes = {} } = letter.raw;
    const whole: Content = { body: Body, attributes: MessageAttributes };
    if (this.to) return { destination: this.to, content: whole };
    if (isFromEventBridge(MessageAttributes)) return eventTarget(letter, this.#parts);
    const { sources } = this.#parts.source;
    const redrivenFrom = Attributes.DeadLetterQueueSourceArn;
    if (redrivenFrom !== undefined) {
      const known = sources.find(({ arn }) => arn === redrivenFrom);
      const destination = known
        ? { kind: "queue" as const, ...known }
        : await queueByArn(redrivenFrom, this.#parts);
      return { destination, content: whole };
    }
    const gaveUp = FAILURE_ATTRIBUTES.every((name) => name in MessageAttributes);
    const sentByFunction = CAUSE_ATTRIBUTE in MessageAttributes;
    if (!sentByFunction) {
      if (isDestinationRecord(letter.body)) return destinationRecord(letter.body, whole);
      if (gaveUp || sources.length === 0) return this.#undelivered(letter, whole, gaveUp);
    }
    const [only, ...others] = sources;
    if (only && others.length === 0) return { destination: { kind: "queue", ...only }, content: whole };
    throw new NoRouteError(
      "UNKNOWN_ORIGIN",
      sources.length === 0
        ? `${this.#parts.source.name} is the dead-letter queue of no queue, and the message doesn't say where it came from: give --to URL.`
        : `${this.#parts.source.name} serves ${sources.length} queues, and the message doesn't say which it came from: give --to URL.`,
    );
  }

  /** What SNS or Lambda could not deliver. Lambda's error code is a number, that of SNS a name. */
  async #undelivered(letter: Letter, whole: Content, gaveUp: boolean): Promise<Route> {
    const { ErrorCode } = letter.raw.MessageAttributes ?? {};
    const content = { ...whole, attributes: without(whole.attributes, FAILURE_ATTRIBUTES) };
    if (!isSnsNotification(letter.body) && gaveUp && /^\d+$/.test(ErrorCode?.StringValue ?? "")) {
      return asyncFunction(content, this.#parts);
    }
    return subscriber(letter, content, this.#parts);
  }
}

/** One line that names a destination. */
export function destinationName(destination: Destination): string {
  if (destination.kind === "queue")
    return `queue ${destination.url.slice(destination.url.lastIndexOf("/") + 1)}`;
  if (destination.kind === "function") return `function ${destination.name.split(":function:").at(-1)}`;
  const name = destination.arn.slice(destination.arn.lastIndexOf(":") + 1);
  return destination.kind === "topic" ? `topic ${name}` : `event bus ${name.replace("event-bus/", "")}`;
}

export function without<T>(record: Record<string, T>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}
