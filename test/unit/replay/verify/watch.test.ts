import { beforeEach, describe, expect, it } from "vitest";
import { type Letter, readLetter } from "../../../../src/dead-letters/letter.ts";
import { objectId, Watch } from "../../../../src/replay/verify/watch.ts";

const SENT_AT = Date.UTC(2026, 10, 21, 4, 0, 0);
let watch: Watch;
beforeEach(() => {
  watch = new Watch();
});

function letterOf(messageId: string, body: string, sentMs = SENT_AT - 60_000): Letter {
  return readLetter({ MessageId: messageId, Body: body, Attributes: { SentTimestamp: String(sentMs) } });
}

/** An S3 event about these keys of bronze, version 1 each. */
function landed(...keys: string[]): string {
  return JSON.stringify({
    Records: keys.map((key) => ({
      eventSource: "aws:s3",
      eventName: "ObjectCreated:Put",
      eventTime: "2026-11-21T03:00:00Z",
      s3: { bucket: { name: "bronze" }, object: { key, versionId: "1" } },
    })),
  });
}

function replayed(letter: Letter, newMessageId: string | null = `new-${letter.messageId}`): void {
  watch.add({
    letter,
    newMessageId,
    destination: { kind: "queue", url: "http://sqs/landed", arn: "arn:aws:sqs:::landed", fifo: false },
    sentAt: new Date(SENT_AT).toISOString(),
    replayCount: 1,
    deadLetterQueue: "http://sqs/landed-dlq",
  });
}

const id = (key: string) => objectId({ bucket: "bronze", key, version: "1" });

describe("a replayed message", () => {
  it("is processed when its object is, whatever else is replayed", () => {
    replayed(letterOf("a", landed("a.json")));
    replayed(letterOf("b", landed("b.json")));
    watch.settleObject(id("a.json"), "processed", "claim");
    expect(watch.counts).toMatchObject({ processed: 1 });
    expect(watch.open.size).toBe(1);
  });

  it("about several objects is processed only with the last of them", () => {
    replayed(letterOf("a", landed("a.json", "b.json")));
    watch.settleObject(id("a.json"), "processed", "claim");
    expect(watch.decided).toBe(0);
    watch.settleObject(id("b.json"), "rejected", "claim");
    expect(watch.counts).toMatchObject({ processed: 1, rejected: 0 });
  });

  it("is known again by its body without that being kept: a thousand of a MiB each may be watched", () => {
    const body = "large ".repeat(1_000);
    replayed(letterOf("a", body), null);
    expect(JSON.stringify([...watch.open]).length).toBeLessThan(1_000);
    watch.returned(letterOf("b", body, SENT_AT));
    expect(watch.counts).toMatchObject({ deadAgain: 1 });
  });

  it("that SQS moved back is dead again under its new id", () => {
    replayed(letterOf("a", "text"), "moved");
    watch.returned(letterOf("moved", "text", SENT_AT));
    expect(watch.counts).toMatchObject({ deadAgain: 1 });
  });

  it("that a function sent back as a new message is known by its content, one for each", () => {
    replayed(letterOf("a", "same text"));
    replayed(letterOf("b", "same text"));
    watch.returned(letterOf("c", "same text", SENT_AT + 2_000));
    expect(watch.counts).toMatchObject({ deadAgain: 1 });
    watch.returned(letterOf("d", "same text", SENT_AT + 2_000));
    expect(watch.counts).toMatchObject({ deadAgain: 2 });
  });

  it("is not taken for a letter that lay there before", () => {
    replayed(letterOf("a", "same text"));
    watch.returned(letterOf("other", "same text", SENT_AT - 60_000));
    expect(watch.counts).toMatchObject({ deadAgain: 0 });
  });

  it("that could not be confirmed counts as dead once it has come back, and once only", () => {
    replayed(letterOf("a", "text"));
    for (const watched of [...watch.open]) watch.decide(watched, { state: "unconfirmed" });
    watch.returned(letterOf("new-a", "text", SENT_AT));
    watch.returned(letterOf("new-a", "text", SENT_AT));
    expect(watch.counts).toEqual({ processed: 0, rejected: 0, deadAgain: 1, unconfirmed: 0 });
  });
});
