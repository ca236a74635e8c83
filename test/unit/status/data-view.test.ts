import { expect, it } from "vitest";
import type { PipelineStatus } from "../../../src/aws/status.ts";
import { dataSections } from "../../../src/status/data-view.ts";
import { recordTerminal } from "../../support/terminal.ts";

const nothing = { tables: {}, databases: {}, streams: {}, deliveries: {}, apis: {} };
const text = (status: Partial<PipelineStatus>) =>
  dataSections({ ...nothing, ...status } as PipelineStatus, recordTerminal(), true).join("\n");

it("a pipeline without streams, tables and the like has no tables of them", () => {
  expect(text({})).toBe("");
});

it("each kind has a table, with - for what is unknown", () => {
  const shown = text({
    streams: { events: { name: "n", status: "ACTIVE", shards: 4, iteratorAgeMilliseconds: 90_000 } },
    deliveries: { events: { name: "n", dataFreshnessSeconds: null } },
    tables: { customers: { name: "n", items: 12, bytes: 3400 } },
    databases: { analytics: { host: null, port: null, name: "analytics", secretArn: "arn" } },
    apis: {
      store: { url: "http://x/v1", apiKeyId: "k", requests: 7, errors4xx: 0, errors5xx: null },
    },
  });
  expect(shown.split("\n").map((line) => line.trim().split(/\s{2,}/))).toEqual([
    ["stream", "status", "shards", "lag"],
    ["events", "ACTIVE", "4", "1m"],
    [""],
    ["delivery", "oldest undelivered"],
    ["events", "-"],
    [""],
    ["table", "items, about", "bytes, about"],
    ["customers", "12", "3.4 KB"],
    [""],
    ["database", "server"],
    ["analytics", "-"],
    [""],
    ["api", "requests", "4xx", "5xx", "url"],
    ["store", "7", "0", "-", "http://x/v1"],
    [""],
  ]);
});

it("the value of an API key is shown only where it was read", () => {
  const api = { url: "http://x/v1", apiKeyId: "k", requests: 7, errors4xx: 0, errors5xx: 0 };
  expect(text({ apis: { store: { ...api, apiKey: "value" } } })).toMatch(/key\nstore .* value\n/);
});
