import { describe, expect, it } from "vitest";
import { PIPELINES_DIRECTORY } from "../../../src/package-root.ts";
import { functionEnvironment } from "../../../src/topology/edges.ts";
import { loadPipelines } from "../../../src/topology/load.ts";
import { NO_ADDRESSES } from "../../support/topology-fixtures.ts";

const addresses = {
  ...NO_ADDRESSES,
  buckets: { bronze: { name: "p-bronze" }, staging: { name: "p-staging" } },
  topics: { landed: { arn: "arn:aws:sns:us-east-1:000000000000:p-landed" } },
  queues: { landed: { url: "http://q/p-landed", dlqUrl: "http://q/p-landed-dlq" } },
  functions: { "to-parquet": { name: "p-to-parquet", logGroup: "/aws/lambda/p-to-parquet" } },
  undelivered: { url: "http://q/p-undelivered" },
};

describe("the environment of a function", () => {
  it("follows from its edges: the buckets it reads and writes, and the DLQ of its queue", async () => {
    const spotify = (await loadPipelines([PIPELINES_DIRECTORY])).find(({ name }) => name === "spotify");
    if (!spotify) throw new Error("the spotify pipeline is missing");
    expect(functionEnvironment(spotify, "to-parquet", addresses)).toEqual({
      BUCKET_BRONZE: "p-bronze",
      BUCKET_STAGING: "p-staging",
      DLQ_LANDED_URL: "http://q/p-landed-dlq",
    });
  });
});
