import { describe, expect, it } from "vitest";
import { LineSplitter, parseLine } from "../../../src/terraform/json-stream.ts";

const resource = {
  addr: 'module.queue["spotify/landed"].aws_sqs_queue.dlq',
  module: 'module.queue["spotify/landed"]',
  resource: "aws_sqs_queue.dlq",
  implied_provider: "aws",
  resource_type: "aws_sqs_queue",
  resource_name: "dlq",
  resource_key: null,
};
const name = { address: resource.addr, type: "aws_sqs_queue" };
const line = (message: object) =>
  JSON.stringify({
    "@level": "info",
    "@message": "said",
    "@module": "terraform.ui",
    "@timestamp": "2026-11-21T03:24:24.97Z",
    ...message,
  });

describe("Terraform's JSON stream", () => {
  it("tells the steps of an apply", () => {
    const steps = ["apply_start", "apply_progress", "apply_complete", "apply_errored"].map((type) =>
      parseLine(line({ type, hook: { resource, action: "create", elapsed_seconds: 25 } })),
    );
    expect(steps).toEqual(
      ["start", "progress", "complete", "errored"].map((phase) => ({
        type: "apply",
        resource: name,
        action: "create",
        phase,
      })),
    );
  });

  it("tells what a plan reads and changes", () => {
    expect(
      parseLine(line({ type: "refresh_complete", hook: { resource, id_key: "id", id_value: "x" } })),
    ).toEqual({
      type: "refresh",
      resource: name,
      done: true,
    });
    expect(parseLine(line({ type: "planned_change", change: { resource, action: "replace" } }))).toEqual({
      type: "planned",
      resource: name,
      action: "replace",
    });
    const changes = { add: 2, change: 1, import: 0, remove: 3, operation: "plan" };
    expect(parseLine(line({ type: "change_summary", changes }))).toEqual({
      type: "summary",
      operation: "plan",
      add: 2,
      change: 1,
      remove: 3,
    });
  });

  it("keeps where a diagnostic belongs", () => {
    const diagnostic = {
      severity: "error",
      summary: "creating SQS Queue",
      detail: "AccessDenied",
      address: resource.addr,
      range: {
        filename: "modules/queue/main.tf",
        start: { line: 4, column: 1, byte: 9 },
        end: { line: 4, column: 9, byte: 20 },
      },
    };
    expect(parseLine(line({ "@level": "error", type: "diagnostic", diagnostic }))).toEqual({
      type: "diagnostic",
      diagnostic: {
        severity: "error",
        summary: "creating SQS Queue",
        detail: "AccessDenied",
        address: resource.addr,
        file: "modules/queue/main.tf",
        line: 4,
      },
    });
  });

  it("passes on as text what is no JSON, and what a later Terraform may add", () => {
    expect(parseLine("panic: runtime error")).toEqual({ type: "text", text: "panic: runtime error" });
    expect(parseLine("[1,2]")).toEqual({ type: "text", text: "[1,2]" });
    expect(parseLine(line({ type: "ephemeral_op_start", hook: {} }))).toEqual({ type: "text", text: "said" });
    expect(parseLine(line({ type: "apply_start" }))).toEqual({ type: "text", text: "said" });
    expect(parseLine("  ")).toBeUndefined();
  });
});

describe("LineSplitter", () => {
  it("joins a line that arrives in pieces", () => {
    const lines = new LineSplitter();
    expect(lines.push('{"a":')).toEqual([]);
    expect(lines.push('1}\n{"b":2}\n{"c"')).toEqual(['{"a":1}', '{"b":2}']);
    expect(lines.end()).toEqual(['{"c"']);
    expect(lines.end()).toEqual([]);
  });
});
