import { describe, expect, it } from "vitest";
import { MAX_PREFIX, NAME_ROOM, physicalNames } from "../../../src/topology/names.ts";
import { parsePipeline } from "../../../src/topology/parse.ts";
import type { Pipeline } from "../../../src/topology/types.ts";
import { validFixtures } from "../../support/topology-fixtures.ts";

const place = { project: "edp", env: "dev", accountId: "123456789012" };
const fixture = (wanted: string): Pipeline => {
  const found = validFixtures().find(({ name }) => name === wanted);
  if (!found) throw new Error(`there is no fixture ${wanted}`);
  return parsePipeline(found.text, found.file);
};

describe("physical names", () => {
  it("are project, environment, pipeline and key, with the suffixes of their kind", () => {
    expect(physicalNames(fixture("many-edges"), place)).toEqual({
      buckets: { raw: "edp-dev-many-edges-raw-123456789012", out: "edp-dev-many-edges-out-123456789012" },
      rules: { landed: "edp-dev-many-edges-landed", again: "edp-dev-many-edges-again" },
      topics: {
        arrivals: "edp-dev-many-edges-arrivals",
        copies: "edp-dev-many-edges-copies",
        notices: "edp-dev-many-edges-notices",
      },
      queues: {
        work: "edp-dev-many-edges-work",
        audit: "edp-dev-many-edges-audit",
        ordered: "edp-dev-many-edges-ordered.fifo",
      },
      dlqs: {
        work: "edp-dev-many-edges-work-dlq",
        audit: "edp-dev-many-edges-audit-dlq",
        ordered: "edp-dev-many-edges-ordered-dlq.fifo",
      },
      tables: {},
      databases: {},
      streams: {},
      deliveries: {},
      functions: { worker: "edp-dev-many-edges-worker", sorter: "edp-dev-many-edges-sorter" },
      apis: {},
      undelivered: "edp-dev-many-edges-undelivered",
    });
  });

  it("fit every service even where prefix, pipeline and key are as long as they may be", () => {
    const pipeline = fixture("many-edges");
    const key = (kind: keyof typeof NAME_ROOM) => "k".repeat(NAME_ROOM[kind] - "p-".length);
    const [queue] = Object.values(pipeline.queues).filter(({ fifo }) => fifo);
    if (!queue) throw new Error("the fixture has no FIFO queue");
    const names = physicalNames(
      {
        ...pipeline,
        name: "p",
        buckets: Object.fromEntries(Object.values(pipeline.buckets).map((one) => [key("buckets"), one])),
        functions: Object.fromEntries(
          Object.values(pipeline.functions).map((one) => [key("functions"), one]),
        ),
        queues: { [key("queues")]: queue },
      },
      { ...place, project: "e".repeat(MAX_PREFIX - "-dev".length) },
    );
    expect(Object.values(names.buckets)[0]).toHaveLength(63);
    expect(Object.values(names.functions)[0]).toHaveLength(64);
    expect(Object.values(names.dlqs)[0]).toHaveLength(80);
  });

  it("refuse a project and an environment that are too long together", () => {
    const long = { ...place, project: "data-platform", env: "production-eu" };
    expect(() => physicalNames(fixture("plain"), long)).toThrow(
      "start with data-platform-production-eu: 27 characters, at most 24 fit every service",
    );
  });
});
