import { expect, it } from "vitest";
import { DATASETS, FOLDER } from "../../../../src/lambda/warehouse/run/datasets.ts";
import { readEnvironment } from "../../../../src/lambda/warehouse/run/environment.ts";
import { PIPELINES_DIRECTORY } from "../../../../src/package-root.ts";
import { functionEnvironment } from "../../../../src/topology/edges.ts";
import { loadPipelines } from "../../../../src/topology/load.ts";

const warehouse = (await loadPipelines([PIPELINES_DIRECTORY])).find(({ name }) => name === "warehouse");

it("the function finds everything it needs in the variables that follow from warehouse.json", () => {
  if (!warehouse) throw new Error("there is no pipeline warehouse");
  const addresses = {
    buckets: { inbox: { name: "inbox" }, exports: { name: "exports" } },
    topics: { runs: { arn: "arn" } },
    queues: { arrived: { url: "url", dlqUrl: "dlq" } },
    databases: { analytics: { host: "127.0.0.1", port: 5432, name: "analytics", secretArn: "secret" } },
    tables: {},
    streams: {},
    deliveries: {},
    functions: {},
    apis: {},
    undelivered: { url: "" },
  };
  const variables = functionEnvironment(warehouse, "run", addresses);
  const environment = readEnvironment({ ...variables, AWS_LAMBDA_FUNCTION_NAME: "shop-prod-warehouse-run" });
  expect(environment).toMatchObject({
    project: "shop",
    dlqUrl: "dlq",
    database: { port: 5432, secretArn: "secret" },
    maxReceiveCount: warehouse.queues.arrived?.maxReceiveCount,
  });
  expect(() => readEnvironment({ ...variables, HOLIDAY_COUNTRY: "Nowhere" })).toThrow(/lacks AWS_LAMBDA/);
});

it("only the files of a batch may be uploaded by others", () => {
  expect(warehouse?.buckets.inbox?.uploadPrefix).toBe(FOLDER);
  expect(DATASETS.flatMap(({ files }) => files)).toContain("shipments_deliveries.csv");
});
