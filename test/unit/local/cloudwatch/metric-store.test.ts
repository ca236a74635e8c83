import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../../src/local/clock.ts";
import { MetricStore } from "../../../../src/local/cloudwatch/metric-store.ts";
import { addValue, emptyMinute } from "../../../../src/local/cloudwatch/minute.ts";
import { engineParts, temporaryDirectory } from "../../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
const clock = new ManualClock();
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

const open = (log: string[] = []) =>
  MetricStore.open(engineParts({ clock, dataDirectory: directory.path, log: (line) => void log.push(line) }));
const metric = (n: number) => ({ namespace: "Test", name: `metric-${n}`, dimensions: {} });

describe("the metrics on disk", () => {
  it("count every value once when the file cannot be shortened", async () => {
    const log: string[] = [];
    const store = await open(log);
    const rounds = 6;
    // Where the shortened file would be written lies a folder.
    const blocked = path.join(directory.path, "cloudwatch", "metrics.log.compact");
    await mkdir(blocked);
    for (let round = 0; round < rounds; round++) {
      for (let n = 0; n < 2_000; n++) {
        const one = emptyMinute(0);
        addValue(one, 1);
        store.add(metric(n), clock.now(), one);
      }
      await store.flush();
    }
    expect(log).toEqual([expect.stringContaining("could not be shortened")]);
    await store.close();
    await rm(blocked, { recursive: true });
    const reopened = await open();
    const [minute] = reopened.find(metric(7))?.minutes.values() ?? [];
    expect(minute).toMatchObject({ sum: rounds, count: rounds });
    await reopened.close();
  });
});
