import { appendFile, cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../../src/local/clock.ts";
import { defaultAttributes } from "../../../../src/local/sqs/attributes.ts";
import type { LeasedMessage } from "../../../../src/local/sqs/message.ts";
import { Queue } from "../../../../src/local/sqs/queue.ts";
import { decodeHandle } from "../../../../src/local/sqs/receipt-handle.ts";
import { send } from "../../../../src/local/sqs/send.ts";
import { temporaryDirectory } from "../../../support/services.ts";

let clock: ManualClock;
let root: Awaited<ReturnType<typeof temporaryDirectory>>;
let opened: Queue[];

beforeEach(async () => {
  clock = new ManualClock();
  root = await temporaryDirectory();
  opened = [];
});

afterEach(async () => {
  for (const queue of opened) await queue.close();
  await root.remove();
});

async function open(name: string, attributes: Record<string, string> = {}): Promise<Queue> {
  const directory = path.join(root.path, name);
  const parts = {
    clock,
    log: () => {},
    queueByArn: (arn: string) => opened.findLast((queue) => queue.arn === arn),
  };
  const settings = {
    name,
    tags: {},
    attributes: { ...defaultAttributes(name.endsWith(".fifo")), ...attributes },
  };
  const queue = await Queue.open(directory, parts, settings);
  if (!queue) throw new Error("not created");
  opened.push(queue);
  return queue;
}

/** Opens a copy of the files as they are now, as a restart after `kill -9` finds them. */
async function afterKill(queue: Queue): Promise<Queue> {
  const next = path.join(root.path, "after", queue.name);
  await mkdir(path.dirname(next), { recursive: true });
  await cp(queue.directory, next, { recursive: true });
  const reopened = await Queue.open(next, queue.parts);
  if (!reopened) throw new Error("not found");
  opened.push(reopened);
  return reopened;
}

const sendAll = (queue: Queue, bodies: string[]) =>
  send(
    queue,
    bodies.map((body) => ({ content: { body } })),
  );
const receive = (queue: Queue, max = 10_000) => queue.receive({ max, visibilityMs: 30_000 });
const bodies = (messages: LeasedMessage[]) => messages.map(({ body }) => body);
const remove = (queue: Queue, messages: LeasedMessage[]) =>
  queue.remove(
    messages.flatMap(({ receiptHandle }) => {
      const n = decodeHandle(receiptHandle)?.n ?? 0;
      return queue.state.messages.get(n) ?? [];
    }),
  );

async function bytesOnDisk(queue: Queue): Promise<number> {
  const files = await readdir(queue.directory);
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(path.join(queue.directory, file))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe("a queue's files", () => {
  it("give the disk back when messages are deleted", async () => {
    const queue = await open("large");
    for (let n = 0; n < 40; n++) await sendAll(queue, [`${n} ${"x".repeat(1_000_000)}`]);
    expect(await bytesOnDisk(queue)).toBeGreaterThan(40_000_000);
    for (;;) {
      const messages = await receive(queue);
      if (messages.length === 0) break;
      await remove(queue, messages);
    }
    expect(await bytesOnDisk(queue)).toBeLessThan(1_000_000);
  });

  it("lose nothing to a kill in the middle of traffic and compactions", async () => {
    const queue = await open("busy");
    const live = new Set<string>();
    const work = async (worker: number) => {
      for (let round = 0; round < 40; round++) {
        const sent = Array.from({ length: 10 }, (_, n) => `${worker}-${round}-${n}`);
        await sendAll(queue, sent);
        for (const body of sent) live.add(body);
        const messages = await receive(queue, 9);
        await remove(queue, messages);
        for (const { body } of messages) live.delete(body);
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, worker) => work(worker)));
    const records = (await readFile(path.join(queue.directory, "journal"), "utf8")).split("\n").length;
    expect(records).toBeLessThan(4_000);
    const reopened = await afterKill(queue);
    expect(new Set(bodies(await receive(reopened)))).toEqual(live);
  });

  it("drop a torn record at their end, and only that", async () => {
    const queue = await open("torn");
    await sendAll(queue, ["whole"]);
    await appendFile(path.join(queue.directory, "journal"), '12345678 {"t":"mess');
    expect(bodies(await receive(await afterKill(queue)))).toEqual(["whole"]);
  });

  it("name themselves when a message in them is damaged", async () => {
    const queue = await open("damaged");
    await sendAll(queue, ["content"]);
    const [file] = (await readdir(queue.directory)).filter((name) => name.endsWith(".bodies"));
    const body = path.join(queue.directory, file ?? "");
    await writeFile(body, (await readFile(body, "utf8")).replace("content", "c0ntent"));
    await expect(receive(queue)).rejects.toThrow(/bodies: damaged message at byte 0/);
  });
});

describe("a journal that can't be written", () => {
  const full = () => Promise.reject(new Error("ENOSPC: no space left on device"));

  it("accepts no message, and takes the next one when there is space again", async () => {
    const queue = await open("full");
    const append = queue.journal.log.append.bind(queue.journal.log);
    queue.journal.log.append = full;
    await expect(sendAll(queue, ["lost"])).rejects.toThrow("ENOSPC");
    queue.journal.log.append = append;
    await sendAll(queue, ["kept"]);
    expect(bodies(await receive(queue))).toEqual(["kept"]);
  });

  it("leases no message: it is received again when there is space", async () => {
    const queue = await open("full");
    await sendAll(queue, ["one"]);
    const append = queue.journal.log.append.bind(queue.journal.log);
    queue.journal.log.append = full;
    await expect(receive(queue)).rejects.toThrow("ENOSPC");
    queue.journal.log.append = append;
    const [message] = await receive(queue);
    expect(message?.attributes.ApproximateReceiveCount).toBe("1");
  });

  it("keeps a message in its queue when it can't be taken out after it came into the DLQ", async () => {
    const dlq = await open("source-dlq");
    const queue = await open("source", {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 1 }),
    });
    await sendAll(queue, ["poison"]);
    await receive(queue);
    await clock.advance(30_000);
    queue.journal.log.append = full;
    await expect(receive(queue)).rejects.toThrow("ENOSPC");
    expect(dlq.depth().visible).toBe(1);
    // A duplicate is allowed, a loss is not.
    expect((await afterKill(queue)).depth().visible).toBe(1);
  });
});

describe("messages", () => {
  it("that a poller leases together are 6 MB at most", async () => {
    const queue = await open("wide");
    for (let n = 0; n < 8; n++) await sendAll(queue, ["x".repeat(1_000_000)]);
    expect(await receive(queue)).toHaveLength(6);
    expect(await receive(queue)).toHaveLength(2);
  });

  it("are deleted at the end of their retention, from the disk too", async () => {
    const queue = await open("old", { MessageRetentionPeriod: "60" });
    await sendAll(queue, ["first"]);
    await clock.advance(30_000);
    await sendAll(queue, ["second"]);
    await clock.advance(30_000);
    await expect.poll(() => queue.depth().visible).toBe(1);
    expect(bodies(await receive(await afterKill(queue)))).toEqual(["second"]);
  });

  it("of one FIFO group keep their order when some come back and others are deleted", async () => {
    const queue = await open("order.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
    for (const body of ["1", "2", "3", "4"]) await send(queue, [{ content: { body }, group: "g" }]);
    const taken = await receive(queue, 3);
    await remove(queue, taken.slice(1, 2));
    expect(await receive(queue)).toEqual([]);
    await clock.advance(30_000);
    expect(bodies(await receive(queue))).toEqual(["1", "3", "4"]);
  });

  it("of other FIFO groups are not held up by a locked one", async () => {
    const queue = await open("groups.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
    for (let n = 0; n < 100; n++) await send(queue, [{ content: { body: `${n}` }, group: `g${n % 50}` }]);
    const first = await receive(queue, 1);
    expect(bodies(first)).toEqual(["0"]);
    expect(await receive(queue)).toHaveLength(98);
  });
});
