import { describe, expect, it } from "vitest";
import { PIPELINES_DIRECTORY } from "../../../src/package-root.ts";
import type { AddressBook } from "../../../src/topology/deployment.ts";
import { functionEnvironment } from "../../../src/topology/edges.ts";
import { loadPipelines } from "../../../src/topology/load.ts";
import { parsePipeline } from "../../../src/topology/parse.ts";
import type { Pipeline } from "../../../src/topology/types.ts";
import { NO_ADDRESSES, validFixtures } from "../../support/topology-fixtures.ts";

const addresses = {
  ...NO_ADDRESSES,
  buckets: { bronze: { name: "p-bronze" }, staging: { name: "p-staging" } },
  topics: { landed: { arn: "arn:aws:sns:us-east-1:000000000000:p-landed" } },
  queues: { landed: { url: "http://q/p-landed", dlqUrl: "http://q/p-landed-dlq" } },
  functions: { "to-parquet": { name: "p-to-parquet", logGroup: "/aws/lambda/p-to-parquet" } },
  undelivered: { url: "http://q/p-undelivered" },
};

const everyAddress: AddressBook = {
  ...NO_ADDRESSES,
  buckets: { inbox: { name: "p-inbox" }, lake: { name: "p-lake" } },
  topics: { runs: { arn: "arn:aws:sns:us-east-1:000000000000:p-runs" } },
  queues: { arrived: { url: "http://q/p-arrived", dlqUrl: "http://q/p-arrived-dlq" } },
  tables: { customers: { name: "p-customers" }, claims: { name: "p-claims" } },
  streams: { events: { name: "p-events" } },
  databases: {
    analytics: { host: "db.internal", port: 5432, name: "analytics", secretArn: "arn:secret" },
  },
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

  it("names streams, tables and topics, and leads to a database and its secret", () => {
    expect(functionEnvironment(fixture("every-kind"), "load", everyAddress)).toEqual({
      BUCKET_INBOX: "p-inbox",
      BUCKET_LAKE: "p-lake",
      TABLE_CUSTOMERS: "p-customers",
      TABLE_CLAIMS: "p-claims",
      STREAM_EVENTS: "p-events",
      TOPIC_RUNS_ARN: "arn:aws:sns:us-east-1:000000000000:p-runs",
      DLQ_ARRIVED_URL: "http://q/p-arrived-dlq",
      DATABASE_ANALYTICS_HOST: "db.internal",
      DATABASE_ANALYTICS_PORT: "5432",
      DATABASE_ANALYTICS_NAME: "analytics",
      DATABASE_ANALYTICS_SECRET_ARN: "arn:secret",
    });
  });

  it("has no DLQ where an API invokes, and no host of a database that has not started", () => {
    const analytics = { host: null, port: null, name: "analytics", secretArn: "arn:secret" };
    const addresses = { ...everyAddress, databases: { analytics } };
    expect(functionEnvironment(fixture("every-kind"), "look", addresses)).toEqual({
      STREAM_EVENTS: "p-events",
      DATABASE_ANALYTICS_NAME: "analytics",
      DATABASE_ANALYTICS_SECRET_ARN: "arn:secret",
    });
  });
});

function fixture(wanted: string): Pipeline {
  const found = validFixtures().find(({ name }) => name === wanted);
  if (!found) throw new Error(`there is no fixture ${wanted}`);
  return parsePipeline(found.text, found.file);
}
