import { describe, expect, it } from "vitest";
import { LiveMemory } from "../../../src/tail/live-memory.ts";
import { SeenEvents } from "../../../src/tail/seen-events.ts";

describe("events that were seen", () => {
  it("are known by their id", () => {
    const seen = new SeenEvents(100);
    expect([seen.add("a", 1), seen.add("b", 1), seen.add("a", 1)]).toEqual([true, true, false]);
  });

  it("are forgotten oldest first when there are too many, and never taken again", () => {
    const seen = new SeenEvents(10);
    for (let n = 0; n < 30; n++) seen.add(`event ${n}`, n * 10_000);
    expect(seen.size).toBeLessThanOrEqual(10);
    expect(seen.floor).toBe(200_000);
    expect(seen.add("event 0", 0)).toBe(false);
    expect(seen.add("late", 199_999)).toBe(false);
    expect(seen.add("late", 200_000)).toBe(true);
  });

  it("of one moment are all kept, however many: half of them would come again", () => {
    const seen = new SeenEvents(10);
    for (let n = 0; n < 50; n++) seen.add(`event ${n}`, 5);
    expect(seen.size).toBe(50);
    expect(seen.add("event 0", 5)).toBe(false);
  });

  it("are forgotten before a time", () => {
    const seen = new SeenEvents(100);
    seen.add("old", 5_000);
    seen.add("new", 25_000);
    seen.forgetBefore(20_000);
    expect([seen.size, seen.floor, seen.add("old", 5_000)]).toEqual([1, 20_000, false]);
  });
});

describe("pushed events", () => {
  const line = (message: string) => ({ stream: "s", timestamp: 1, ingestionTime: 2, message });

  it("that another session or a search brings again are not new", () => {
    const memory = new LiveMemory(() => 0);
    const [one, other] = [memory.source(), memory.source()];
    expect([one("g", line("a")), other("g", line("a")), other("g", line("b")), one("g", line("b"))]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("that are equal in time and text are told apart by how many there are", () => {
    const memory = new LiveMemory(() => 0);
    const [one, other] = [memory.source(), memory.source()];
    expect([one("g", line("a")), one("g", line("a"))]).toEqual([true, true]);
    expect([other("g", line("a")), other("g", line("a")), other("g", line("a"))]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("are remembered for ten minutes at least, not for ever", () => {
    let now = 0;
    const memory = new LiveMemory(() => now);
    memory.source()("g", line("a"));
    now = 9 * 60_000;
    expect(memory.source()("g", line("a"))).toBe(false);
    for (now = 11 * 60_000; now < 45 * 60_000; now += 11 * 60_000) memory.source()("g", line(`at ${now}`));
    expect(memory.source()("g", line("a"))).toBe(true);
  });
});
