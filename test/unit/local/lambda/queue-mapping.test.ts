import { afterEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../../src/local/clock.ts";
import { MAX_ENVIRONMENTS } from "../../../../src/local/lambda/environment-pool.ts";
import { type MappingSettings, QueueMapping } from "../../../../src/local/lambda/queue-mapping.ts";
import { memoryQueue } from "../../../support/memory-queue.ts";

const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:landed";

interface Call {
  bodies: string[];
  payloadBytes: number;
  answer(value: unknown): Promise<void>;
  fail(message: string): Promise<void>;
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((mapping) => mapping.close()));
});

/** Lets everything that is ready run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

function map(changes: Partial<MappingSettings> = {}) {
  const clock = new ManualClock();
  const queue = memoryQueue(clock);
  const calls: Call[] = [];
  const log: string[] = [];
  let prewarmed = 0;
  const settings: MappingSettings = {
    functionName: "under-test",
    queueArn: QUEUE_ARN,
    batchSize: 10,
    batchWindowMs: 0,
    maximumConcurrency: 2,
    queueVisibilityMs: 4_000,
    enabled: true,
    ...changes,
  };
  const mapping = new QueueMapping("uuid", settings, {
    clock,
    queues: queue,
    timeoutMs: () => 60_000,
    prewarm: () => {
      prewarmed++;
    },
    log: (line) => log.push(line),
    invoke: (_name, payload) =>
      new Promise((resolve) => {
        const records = JSON.parse(payload).Records as { body: string }[];
        const end = async (fault: string | undefined, value: unknown) => {
          resolve({
            requestId: "request",
            payload: JSON.stringify(value) ?? "null",
            tail: "",
            ...(fault ? { fault: { errorType: "Error", errorMessage: fault, trace: [] } } : {}),
          });
          await settle();
        };
        calls.push({
          bodies: records.map(({ body }) => body),
          payloadBytes: Buffer.byteLength(payload),
          answer: (value) => end(undefined, value),
          fail: (message) => end(message, null),
        });
      }),
  });
  // What is still running at the end of a test has to end for the mapping to close.
  open.push({
    close: async () => {
      const closed = mapping.close();
      for (const call of calls) await call.answer(null);
      await closed;
    },
  });
  const call = (index: number): Call => {
    const found = calls[index];
    if (!found) throw new Error(`there was no call ${index}`);
    return found;
  };
  return { clock, queue, calls, call, mapping, log, prewarmed: () => prewarmed };
}

describe("a batch", () => {
  it("goes at once when it is full", async () => {
    const { queue, calls, call } = map({ batchSize: 3, batchWindowMs: 20_000 });
    queue.send("a", "b", "c", "d");
    await settle();
    expect(calls).toHaveLength(1);
    expect(call(0).bodies).toEqual(["a", "b", "c"]);
  });

  it("waits for the window that its first message opens, and takes along what comes meanwhile", async () => {
    const { queue, clock, calls, call, prewarmed } = map({ batchSize: 500, batchWindowMs: 20_000 });
    queue.send("a");
    await settle();
    expect(prewarmed()).toBe(1);
    await clock.advance(10_000);
    queue.send("b");
    await settle();
    await clock.advance(9_999);
    expect(calls).toHaveLength(0);
    await clock.advance(1);
    await settle();
    expect(call(0).bodies).toEqual(["a", "b"]);
  });

  it("has no window on a FIFO queue", async () => {
    const { queue, call } = map({ queueArn: `${QUEUE_ARN}.fifo`, batchWindowMs: 20_000 });
    queue.send("a");
    await settle();
    expect(call(0).bodies).toEqual(["a"]);
  });

  it("stays within 6 MB of payload, and what no longer fits begins the next one", async () => {
    const { queue, clock, calls, call } = map({ batchSize: 10, batchWindowMs: 1_000 });
    const bodies = Array.from({ length: 10 }, (_, n) => String(n).repeat(1_000_000));
    queue.send(...bodies);
    await settle();
    expect(call(0).bodies).toEqual(bodies.slice(0, 6));
    expect(call(0).payloadBytes).toBeLessThanOrEqual(6 * 1024 * 1024);
    await clock.advance(1_000);
    await settle();
    expect(call(1).bodies).toEqual(bodies.slice(6));
    expect(calls).toHaveLength(2);
    await call(0).answer(null);
    await call(1).answer(null);
    expect(queue.left()).toEqual([]);
  });

  it("asks for little first, then for as much as fits", async () => {
    const { queue } = map({ batchSize: 500, batchWindowMs: 1_000 });
    await settle();
    queue.polls.length = 0;
    queue.send(...Array.from({ length: 500 }, (_, n) => `message ${n}`));
    await settle();
    expect(queue.polls.slice(0, 2)).toEqual([10, 490]);
  });
});

describe("the handler's answer", () => {
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["an empty object", {}],
    ["an empty list", { batchItemFailures: [] }],
    ["no list", { batchItemFailures: null }],
  ])("%s is the success of all", async (_, answer) => {
    const { queue, call } = map();
    queue.send("a", "b");
    await settle();
    await call(0).answer(answer);
    expect(queue.left()).toEqual([]);
  });

  it("keeps the named messages and deletes the others", async () => {
    const { queue, call, mapping } = map();
    queue.send("a", "b", "c");
    await settle();
    await call(0).answer({ batchItemFailures: [{ itemIdentifier: "id-2" }] });
    expect(queue.left()).toEqual(["b"]);
    expect(mapping.lastResult).toBe("OK");
  });

  it.each([
    [
      "an unknown id",
      { batchItemFailures: [{ itemIdentifier: "id-1" }, { itemIdentifier: "id-9" }] },
      /id-9/,
    ],
    ["an empty id", { batchItemFailures: [{ itemIdentifier: "" }] }, /itemIdentifier/],
    ["a null id", { batchItemFailures: [{ itemIdentifier: null }] }, /itemIdentifier/],
    ["a wrong member name", { batchItemFailures: [{ id: "id-1" }] }, /itemIdentifier/],
    ["no list", { batchItemFailures: "id-1" }, /not a list/],
    ["no object", "fine", /not an object/],
  ])("with %s is the failure of all", async (_, answer, problem) => {
    const { queue, call, log } = map();
    queue.send("a", "b");
    await settle();
    await call(0).answer(answer);
    expect(queue.left()).toEqual(["a", "b"]);
    expect(log.join()).toMatch(problem);
  });

  it("that is an error is the failure of all, which come again after the visibility timeout", async () => {
    const { queue, call, clock, calls, mapping } = map({ queueVisibilityMs: 4_000 });
    queue.send("a");
    await settle();
    await clock.advance(1_000);
    await call(0).fail("broken");
    expect(queue.released).toEqual({ a: 3_000 });
    expect(mapping.lastResult).toMatch(/^PROBLEM: Function call failed: broken/);
    await clock.advance(2_999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    await settle();
    expect(calls).toHaveLength(2);
    expect(queue.receives()).toEqual({ a: 2 });
  });
});

describe("while an invocation runs", () => {
  it("its messages are delivered to nobody else, however long it takes", async () => {
    const { queue, call, clock, calls } = map({ queueVisibilityMs: 2_000 });
    queue.send("slow");
    await settle();
    for (let minute = 0; minute < 30; minute++) await clock.advance(60_000);
    expect(calls).toHaveLength(1);
    await call(0).answer(null);
    expect(queue.left()).toEqual([]);
  });

  it("others run beside it up to the maximum concurrency, and no further", async () => {
    const { queue, call, calls } = map({ batchSize: 1, maximumConcurrency: 2 });
    queue.send("a", "b", "c", "d");
    await settle();
    expect(calls).toHaveLength(2);
    await call(0).answer(null);
    expect(calls.map(({ bodies }) => bodies[0])).toEqual(["a", "b", "c"]);
    expect(MAX_ENVIRONMENTS).toBeGreaterThanOrEqual(2);
  });
});

describe("a mapping", () => {
  it("that is disabled takes nothing, and goes on when it is enabled", async () => {
    const { queue, mapping, calls } = map();
    mapping.update({ enabled: false });
    queue.send("a");
    await settle();
    expect(calls).toHaveLength(0);
    mapping.update({ enabled: true });
    await settle();
    expect(calls).toHaveLength(1);
  });

  it("that is disabled within a window gives its messages back at once", async () => {
    const { queue, mapping, calls } = map({ batchWindowMs: 20_000 });
    queue.send("a");
    await settle();
    mapping.update({ enabled: false });
    await settle();
    expect(queue.released).toEqual({ a: 0 });
    expect(calls).toHaveLength(0);
  });

  it("tries again when the queue could not be read", async () => {
    const { queue, clock, calls, log } = map();
    const poll = queue.poll;
    queue.poll = () => Promise.reject(new Error("disk broken"));
    queue.send("a");
    await settle();
    expect(log.join()).toContain("disk broken");
    queue.poll = poll;
    await clock.advance(1_000);
    await settle();
    expect(calls).toHaveLength(1);
  });
});
