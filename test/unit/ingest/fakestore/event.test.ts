import { describe, expect, it } from "vitest";
import {
  type EventDraft,
  type OutgoingEvent,
  outgoingEvents,
} from "../../../../src/ingest/fakestore/event.ts";

describe("outgoing events", () => {
  it("go without passwords, at whatever depth, and keep texts that speak of them", async () => {
    const data = {
      id: 1,
      password: "s3cret",
      list: [{ Password: "s3cret", note: 'the "password" is gone' }],
    };
    const [event] = await outgoing([{ type: "user", data, origin: null }]);
    expect(JSON.parse(event?.json ?? "")).toEqual({
      type: "user",
      eventId: "run-0000001",
      data: { id: 1, list: [{ note: 'the "password" is gone' }] },
    });
    expect(event?.bytes).toBe(event?.json.length);
  });

  it("keep integers that JavaScript would round, beside a password, too", async () => {
    const data = { id: 12345678901234567890n, password: "s3cret" };
    const [event] = await outgoing([{ type: "user", data, origin: null }]);
    expect(event?.json).toBe('{"data":{"id":12345678901234567890},"eventId":"run-0000001","type":"user"}');
  });
});

async function outgoing(drafts: EventDraft[]): Promise<OutgoingEvent[]> {
  const events: OutgoingEvent[] = [];
  for await (const event of outgoingEvents({ drafts: () => drafts }, "run", () => {})) events.push(event);
  return events;
}
