import { describe, expect, it } from "vitest";
import { byPipeline, describeTotals, parsePlan, pipelineOf, totals } from "../../../src/terraform/plan.ts";

const change = (
  address: string,
  actions: string[],
  values: { before?: object | null; after?: object | null } = {},
) => ({
  address,
  mode: address.startsWith("data.") ? "data" : "managed",
  type: "aws_sqs_queue",
  change: { actions, before: values.before ?? null, after: values.after ?? null },
});
const planJson = (given: object) =>
  JSON.stringify({ format_version: "1.2", terraform_version: "1.11.4", ...given });

describe("a plan", () => {
  it("counts adding, changing, replacing in either order, and destroying", () => {
    const plan = parsePlan(
      planJson({
        resource_changes: [
          change('module.queue["spotify/a"].aws_sqs_queue.this', ["create"]),
          change('module.queue["spotify/b"].aws_sqs_queue.this', ["update"]),
          change('module.queue["spotify/c"].aws_sqs_queue.this', ["delete", "create"]),
          change('module.queue["spotify/d"].aws_sqs_queue.this', ["create", "delete"]),
          change('module.queue["spotify/e"].aws_sqs_queue.this', ["delete"]),
          change('module.queue["spotify/f"].aws_sqs_queue.this', ["no-op"]),
          change("data.aws_partition.current", ["read"]),
        ],
      }),
      ["spotify"],
    );
    expect(totals(plan.changes)).toEqual({ create: 1, update: 1, replace: 2, delete: 1 });
    expect(describeTotals(totals(plan.changes))).toBe("1 to add, 1 to change, 2 to replace, 1 to destroy");
    expect(describeTotals(totals([]))).toBe("no changes");
  });

  it("is sorted by pipeline, with what is shared at the end", () => {
    const { changes } = parsePlan(
      planJson({
        resource_changes: [
          change("aws_kms_key.this[0]", ["create"]),
          change('module.queue["spotify/landed"].aws_sqs_queue.this', ["create"]),
          change('module.queue["partner/files"].aws_sqs_queue.this', ["create"]),
        ],
      }),
      ["spotify", "partner"],
    );
    expect([...byPipeline(changes).keys()]).toEqual(["partner", "spotify", null]);
  });

  it("has the resources that will be there, through all modules, without data sources", () => {
    const { resources } = parsePlan(
      planJson({
        planned_values: {
          root_module: {
            resources: [
              { mode: "managed", type: "aws_kms_key" },
              { mode: "data", type: "aws_partition" },
            ],
            child_modules: [
              {
                resources: [{ mode: "managed", type: "aws_sqs_queue", values: { name: "landed" } }],
                child_modules: [{ resources: [{ mode: "managed", type: "aws_sqs_queue" }] }],
              },
            ],
          },
        },
      }),
      [],
    );
    expect(resources).toEqual([
      { type: "aws_kms_key", values: {} },
      { type: "aws_sqs_queue", values: { name: "landed" } },
      { type: "aws_sqs_queue", values: {} },
    ]);
  });

  it("tells changed outputs from unchanged ones", () => {
    const read = (actions: string[]) =>
      parsePlan(planJson({ output_changes: { edp_version: { actions } } }), []).outputsChange;
    expect(read(["update"])).toBe(true);
    expect(read(["no-op"])).toBe(false);
  });

  it("does not blame anybody for what an interrupted deploy left unfinished", () => {
    const tainted = {
      ...change("aws_sqs_queue.half", ["delete", "create"]),
      action_reason: "replace_because_tainted",
    };
    const { drift, changes } = parsePlan(
      planJson({ resource_drift: [change("aws_sqs_queue.half", ["update"])], resource_changes: [tainted] }),
      [],
    );
    expect(changes).toHaveLength(1);
    expect(drift).toEqual([]);
  });

  it("of a format to come is refused rather than misread", () => {
    expect(() => parsePlan(JSON.stringify({ format_version: "2.0" }), [])).toThrow(/format 2\.0/);
  });
});

describe("the pipeline of a resource", () => {
  it("is its tag", () => {
    expect(pipelineOf("aws_sqs_queue.this", { tags_all: { pipeline: "spotify" } }, ["spotify"])).toBe(
      "spotify",
    );
  });

  it("is else the first part of its key", () => {
    expect(pipelineOf('module.queue["spotify/landed"].aws_sqs_queue.this', {}, ["spot", "spotify"])).toBe(
      "spotify",
    );
    expect(pipelineOf('module.undelivered["spotify"].aws_sqs_queue.this', {}, ["spotify"])).toBe("spotify");
  });

  it("is the longest name that begins the key", () => {
    const names = ["shop", "shop-eu"];
    expect(pipelineOf('module.alarms.aws_cloudwatch_metric_alarm.this["shop-eu-orders"]', {}, names)).toBe(
      "shop-eu",
    );
  });

  it("is null for what belongs to none", () => {
    expect(
      pipelineOf("module.key[0].aws_kms_key.this", { tags_all: { pipeline: "gone" } }, ["spotify"]),
    ).toBeNull();
  });
});
