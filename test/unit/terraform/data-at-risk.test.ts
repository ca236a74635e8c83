import { expect, it } from "vitest";
import { dataThings } from "../../../src/terraform/data-at-risk.ts";
import type { Plan, PlanAction, PlannedChange } from "../../../src/terraform/plan.ts";

const change = (action: PlanAction, type: string, before: object | null): PlannedChange => ({
  address: `${type}.this`,
  type,
  action,
  pipeline: null,
  before: before as PlannedChange["before"],
  after: null,
});

it("what a plan deletes or replaces holds data by kind, each by what it is asked for with", () => {
  const changes = [
    change("delete", "aws_s3_bucket", { bucket: "p-lake" }),
    change("replace", "aws_sqs_queue", { url: "https://sqs/1/p-landed", name: "p-landed" }),
    change("delete", "aws_dynamodb_table", { name: "p-customers" }),
    change("delete", "aws_kinesis_stream", { name: "p-events" }),
    change("replace", "aws_db_instance", { identifier: "p-analytics" }),
    change("update", "aws_dynamodb_table", { name: "p-claims" }),
    change("create", "aws_kinesis_stream", null),
    change("delete", "aws_lambda_function", { function_name: "p-accept" }),
  ];
  expect(dataThings({ changes } as Plan)).toEqual([
    { kind: "bucket", id: "p-lake" },
    { kind: "queue", id: "https://sqs/1/p-landed" },
    { kind: "table", id: "p-customers" },
    { kind: "stream", id: "p-events" },
    { kind: "database", id: "p-analytics" },
  ]);
});
