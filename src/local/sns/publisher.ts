import { createHash, randomUUID } from "node:crypto";
import type { Outbox } from "../delivery/outbox.ts";
import type { Published } from "./envelope.ts";
import { invalidParameter } from "./errors.ts";
import { fanOut } from "./fan-out.ts";
import type { Topics } from "./topics.ts";

type Outgoing = Pick<
  Published,
  "subject" | "message" | "attributes" | "group" | "deduplicationId" | "traceHeader"
>;

/** Gives messages their id and time and fans them out. */
export class Publisher {
  #sequence = 0;

  constructor(
    readonly topics: Topics,
    readonly outbox: Outbox,
  ) {}

  /**
   * Publishes to a topic that exists. On a FIFO topic the subscribed FIFO queues see to order and
   * deduplication: they get the topic's group and deduplication id.
   * @throws AwsError NotFound, InvalidParameter
   */
  async publish(
    topicArn: string,
    outgoing: Outgoing,
  ): Promise<{ messageId: string; sequenceNumber?: string }> {
    const topic = this.topics.topic(topicArn);
    const fifo = topicArn.endsWith(".fifo");
    const now = this.outbox.parts.clock.now();
    let { deduplicationId } = outgoing;
    if (fifo && outgoing.group === undefined) {
      throw invalidParameter("The MessageGroupId parameter is required for FIFO topics");
    }
    if (fifo && deduplicationId === undefined) {
      if (topic.attributes.ContentBasedDeduplication !== "true") {
        throw invalidParameter(
          "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        );
      }
      deduplicationId = createHash("sha256").update(outgoing.message.default).digest("hex");
    }
    if (!fifo && deduplicationId !== undefined) {
      throw invalidParameter(
        "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
      );
    }
    const published: Published = {
      ...outgoing,
      messageId: randomUUID(),
      topicArn,
      timestamp: new Date(now).toISOString(),
      deduplicationId,
      sequenceNumber: fifo ? this.#nextSequence(now) : undefined,
    };
    await fanOut(this.topics, this.outbox, published);
    return { messageId: published.messageId, sequenceNumber: published.sequenceNumber };
  }

  /** 20 digits that ascend, also over a restart: they begin with the time. */
  #nextSequence(now: number): string {
    this.#sequence = (this.#sequence + 1) % 1_000_000;
    return `1${String(now)}${String(this.#sequence).padStart(6, "0")}`;
  }
}
