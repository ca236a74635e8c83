import { expect, it } from "vitest";
import { monthlyPrice } from "../../../src/terraform/price.ts";

/** Resources of a type: so many, or one for each of these values. */
const some = (type: string, values: number | Record<string, unknown>[]) =>
  (typeof values === "number" ? Array.from({ length: values }, () => ({})) : values).map((one) => ({
    type,
    values: one,
  }));

it("queues, topics, functions, tables and deliveries cost by use, so they have no fixed price", () => {
  const types = ["aws_sqs_queue", "aws_sns_topic", "aws_lambda_function", "aws_dynamodb_table"];
  expect(monthlyPrice(types.flatMap((type) => some(type, 3)))).toEqual({ usd: 0, lines: [] });
});

it("keys, dashboards and alarms are summed up, the dearest first", () => {
  expect(
    monthlyPrice([
      ...some("aws_cloudwatch_metric_alarm", 4),
      ...some("aws_kms_key", 1),
      ...some("aws_cloudwatch_dashboard", 1),
      ...some("aws_sqs_queue", 3),
    ]),
  ).toEqual({
    usd: 4.4,
    lines: [
      { name: "dashboard", count: 1, usd: 3 },
      { name: "KMS key", count: 1, usd: 1 },
      { name: "alarm", count: 4, usd: 0.4 },
    ],
  });
});

it("a stream costs by the hour, on demand or by its shards", () => {
  const streams = some("aws_kinesis_stream", [{ shard_count: null }, { shard_count: 2 }, { shard_count: 2 }]);
  expect(monthlyPrice(streams)).toEqual({
    usd: 73,
    lines: [
      { name: "2-shard stream", count: 2, usd: 43.8 },
      { name: "stream", count: 1, usd: 29.2 },
    ],
  });
});

it("a database costs by class and storage, its endpoints by subnet; a gateway endpoint is free", () => {
  const database = {
    instance_class: "db.t4g.small",
    allocated_storage: 20,
    manage_master_user_password: true,
  };
  const endpoints = [
    { vpc_endpoint_type: "Interface", subnet_ids: ["a", "b", "c"] },
    { vpc_endpoint_type: "Interface" },
    { vpc_endpoint_type: "Gateway" },
  ];
  expect(
    monthlyPrice([...some("aws_db_instance", [database]), ...some("aws_vpc_endpoint", endpoints)]),
  ).toEqual({
    usd: 62.56,
    lines: [
      { name: "VPC endpoint", count: 2, usd: 36.5 },
      { name: "20 GB db.t4g.small database", count: 1, usd: 26.06 },
    ],
  });
});

it("what edp has no price for is said, not left out", () => {
  const database = { instance_class: "db.x2g.large", allocated_storage: 20 };
  expect(monthlyPrice([...some("aws_db_instance", [database]), ...some("aws_kms_key", 1)])).toEqual({
    usd: 1,
    lines: [
      { name: "20 GB db.x2g.large database", count: 1, usd: null },
      { name: "KMS key", count: 1, usd: 1 },
    ],
  });
});
