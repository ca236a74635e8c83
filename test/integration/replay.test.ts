import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReplayOptions } from "../../src/replay/options.ts";
import { replay } from "../../src/replay/replay.ts";
import { testContext } from "../support/context.ts";
import {
  CAUSES,
  contentOf,
  letterAttributes,
  letterBody,
  putLetters,
  readAll,
} from "../support/dead-letters.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";
import { temporaryDirectory } from "../support/services.ts";

let engine: Messaging;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let dlq: { url: string; arn: string };
let source: { url: string; arn: string };

beforeEach(async () => {
  [engine, directory] = await Promise.all([startMessaging(), temporaryDirectory()]);
  dlq = await engine.queue("orders-dlq");
  source = await engine.queue("orders", {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 5 }),
  });
});

afterEach(async () => {
  await engine.close();
  await directory.remove();
});

function run(options: Partial<ReplayOptions> = {}, overrides: Parameters<typeof testContext>[1] = {}) {
  const context = testContext(directory.path, { yes: true, now: () => engine.clock.now(), ...overrides });
  const all: ReplayOptions = {
    pipelines: [],
    queue: dlq.url,
    to: undefined,
    dryRun: false,
    max: undefined,
    rate: undefined,
    where: undefined,
    older: undefined,
    newer: undefined,
    edit: undefined,
    exportFile: undefined,
    importFile: undefined,
    native: false,
    tryLocal: false,
    verify: false,
    maxFailures: 20,
    maxReplays: 3,
    timeoutSeconds: 10,
    ...options,
  };
  return replay(all, context, async (ms) => engine.clock.advance(ms));
}

describe("a replay", () => {
  it("sends the letters of one cause where they came from, byte for byte, and leaves the others", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 300);
    const result = await run({ where: `cause.errorCode == '${CAUSES[1].errorCode}'` });
    expect(result).toMatchObject({
      found: 300,
      replayed: 100,
      skipped: 200,
      failed: 0,
      left: 200,
      elsewhere: 0,
    });
    expect(result.skippedBecause).toEqual({ filter: 200 });
    const arrived = (await readAll(engine.clients.sqs, source.url)).map(contentOf);
    const expected = Array.from({ length: 100 }, (_, n) => n * 3 + 1).map((index) => ({
      ...contentOf({ Body: letterBody(index), MessageAttributes: letterAttributes(index) }),
      trace: `Root=1-5759e988-${index.toString(16).padStart(24, "0")}`,
    }));
    const byBody = (a: { body: string }, b: { body: string }) => (a.body < b.body ? -1 : 1);
    expect(arrived.sort(byBody)).toEqual(
      expected
        .map((one) => ({ ...one, attributes: { ...one.attributes, "edp-replay-count": ["Number", "1"] } }))
        .sort(byBody),
    );
    const left = await readAll(engine.clients.sqs, dlq.url);
    expect(left).toHaveLength(200);
    expect(path.dirname(result.ledger ?? "")).toBe(path.join(directory.path, ".edp", "local", "replays"));
  });
});
