import { describe, expect, it } from "vitest";
import { readDrift } from "../../../src/terraform/drift.ts";
import { type PlanJson, pipelineOf } from "../../../src/terraform/plan.ts";

const QUEUE = 'module.queue["spotify/landed"].aws_sqs_queue.this';
const ROLE = 'module.function["spotify/to-parquet"].aws_iam_role.this';

type Change = NonNullable<PlanJson["resource_changes"]>[number];
const change = (
  address: string,
  actions: string[],
  before: Change["change"]["before"],
  after: Change["change"]["after"],
  marks: Partial<Change["change"]> = {},
): Change => ({ address, type: "aws_sqs_queue", change: { actions, before, after, ...marks } });
const drift = (drifted: Change[], changes: Change[]) =>
  readDrift({ resource_drift: drifted, resource_changes: changes }, (address, attributes) =>
    pipelineOf(address, attributes, ["spotify"]),
  );

describe("drift", () => {
  it("is what somebody changed and the plan sets right, with both values", () => {
    const edited = change(QUEUE, ["update"], { delay_seconds: 0 }, { delay_seconds: 30 });
    const correction = change(QUEUE, ["update"], { delay_seconds: 30 }, { delay_seconds: 0 });
    expect(drift([edited], [correction])).toEqual([
      {
        pipeline: "spotify",
        resource: QUEUE,
        change: "changed",
        attributes: [{ name: "delay_seconds", deployed: 0, now: 30 }],
      },
    ]);
  });

  it("is what somebody deleted and the plan creates anew", () => {
    const gone = change(QUEUE, ["delete"], { name: "landed" }, null);
    expect(drift([gone], [change(QUEUE, ["create"], null, { name: "landed" })])).toEqual([
      { pipeline: "spotify", resource: QUEUE, change: "deleted", attributes: [] },
    ]);
  });

  it("is not what AWS fills in by itself, which no plan touches", () => {
    const filled = change(ROLE, ["update"], { inline_policy: [] }, { inline_policy: [{ name: "edges" }] });
    expect(drift([filled], [change(ROLE, ["no-op"], {}, {})])).toEqual([]);
  });

  it("is not what the declaration has changed since the last deploy", () => {
    const filled = change(QUEUE, ["update"], { tags: null }, { tags: {} });
    const wanted = change(QUEUE, ["update"], { delay_seconds: 0 }, { delay_seconds: 5 });
    expect(drift([filled], [wanted])).toEqual([]);
  });

  it("leaves out attributes that were filled in beside the one that was edited", () => {
    const edited = change(
      QUEUE,
      ["update"],
      { delay_seconds: 0, tags: null },
      { delay_seconds: 9, tags: {} },
    );
    const correction = change(
      QUEUE,
      ["update"],
      { delay_seconds: 9, tags: {} },
      { delay_seconds: 0, tags: {} },
    );
    expect(drift([edited], [correction])[0]?.attributes.map(({ name }) => name)).toEqual(["delay_seconds"]);
  });

  it("tells that a hidden value has changed, and not the value", () => {
    const marks = { before_sensitive: { environment: [true] }, after_sensitive: { environment: [true] } };
    const edited = change(ROLE, ["update"], { environment: ["s3cret"] }, { environment: ["0ther"] }, marks);
    const correction = change(ROLE, ["update"], { environment: ["0ther"] }, { environment: ["s3cret"] });
    expect(drift([edited], [correction])[0]?.attributes).toEqual([
      { name: "environment", deployed: "(sensitive)", now: "(sensitive)" },
    ]);
  });

  it("is not what an interrupted deploy left unfinished", () => {
    const half = change(QUEUE, ["update"], { arn: null }, { arn: "a" });
    const again = {
      ...change(QUEUE, ["delete", "create"], { arn: "a" }, {}),
      action_reason: "replace_because_tainted",
    };
    expect(drift([half], [again])).toEqual([]);
  });
});
