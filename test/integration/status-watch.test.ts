import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { watchText } from "../../src/status/view.ts";
import { HISTORY_MINUTES, type WatchTick, watchStatus } from "../../src/status/watch.ts";
import { type Deployed, startDeployed } from "../support/deployed.ts";
import { recordTerminal } from "../support/terminal.ts";
import { track } from "../unit/lambda/function-bench.ts";

let deployed: Deployed;
beforeAll(async () => {
  deployed = await startDeployed();
});
afterAll(() => deployed.close());

/** The looks of a watch; `steps` run between them, the watch ends after the last one. */
async function watched(...steps: (() => Promise<unknown>)[]): Promise<WatchTick[]> {
  const end = new AbortController();
  const pause = async () => {
    const step = steps.shift();
    if (!step) end.abort(new Error("ended"));
    await step?.();
    end.signal.throwIfAborted();
  };
  const ticks: WatchTick[] = [];
  const context = deployed.context({ signal: end.signal });
  const looking = (async () => {
    const options = { pipelines: [], intervalMs: 1, pause };
    for await (const tick of watchStatus(deployed.deployment, context, options)) ticks.push(tick);
  })();
  await expect(looking).rejects.toThrow("ended");
  return ticks;
}

test("each look has the depths of now and the last minutes of queues and functions", async () => {
  const [before, after] = await watched(async () => {
    await deployed.land("raw/tracks/1.json", JSON.stringify(track("1")));
    await deployed.clients.sqs.send(
      new SendMessageCommand({ QueueUrl: deployed.dlqUrl, MessageBody: "dead" }),
    );
    await deployed.until(async () => {
      const [tick] = await watched();
      return tick?.pipelines.spotify?.functions["to-parquet"]?.invocations === 1;
    });
  });
  expect(before?.pipelines.spotify?.queues.landed?.dlq.visible).toBe(0);
  expect(after?.pipelines.spotify?.queues.landed?.dlq.visible).toBe(1);
  const invocations = after?.history.spotify?.functions["to-parquet"] ?? [];
  expect(invocations).toHaveLength(HISTORY_MINUTES);
  expect(invocations.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBe(1);
  expect(after?.history.spotify?.queues.landed).toHaveLength(HISTORY_MINUTES);
});

test("buckets are not listed for it, so their counts are unknown", async () => {
  const [tick] = await watched();
  expect(tick?.pipelines.spotify?.buckets.bronze).toMatchObject({ objects: null, bytes: null });
});

test("the table fits 80 columns, history included", async () => {
  const [tick] = await watched();
  if (!tick) throw new Error("no look");
  const lines = watchText(tick, recordTerminal({ columns: 80 })).split("\n");
  expect(lines.length).toBeGreaterThan(8);
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
});
