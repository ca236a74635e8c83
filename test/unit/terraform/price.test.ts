import { expect, it } from "vitest";
import { monthlyPrice } from "../../../src/terraform/price.ts";

it("queues, topics and functions cost by use, so they have no fixed price", () => {
  expect(monthlyPrice({ aws_sqs_queue: 9, aws_sns_topic: 2, aws_lambda_function: 4 })).toEqual({
    usd: 0,
    lines: [],
  });
});

it("keys, dashboards and alarms are summed up, the dearest first", () => {
  expect(
    monthlyPrice({
      aws_cloudwatch_metric_alarm: 4,
      aws_kms_key: 1,
      aws_cloudwatch_dashboard: 1,
      aws_sqs_queue: 3,
    }),
  ).toEqual({
    usd: 4.4,
    lines: [
      { name: "dashboard", count: 1, usd: 3 },
      { name: "KMS key", count: 1, usd: 1 },
      { name: "alarm", count: 4, usd: 0.4 },
    ],
  });
});
