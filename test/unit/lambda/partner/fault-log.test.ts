import type { S3Client } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import type { DaySet } from "../../../../src/lambda/partner/process/day-set.ts";
import { FaultLog, MOST_MESSAGES } from "../../../../src/lambda/partner/process/fault-log.ts";
import type { Invocation } from "../../../../src/lambda/partner/process/invocation.ts";

it("the first 10,000 faults of a file are messages, the others lines of an object that one message names", async () => {
  const objects: Record<string, string> = {};
  const send = async ({ input }: { input: { Key: string; Body: Buffer } }) => {
    objects[input.Key] = input.Body.toString();
  };
  const run = { s3: { send } as unknown as S3Client, environment: { reports: "reports" } } as Invocation;
  const files = { customers: { key: "c.csv" }, orders: { key: "o.csv" }, items: { key: "i.csv" } };
  const log = new FaultLog({ date: "2022-01-30", runId: "r", files } as DaySet, run);
  const fault = { column: null, message: "bad", customerReference: null, orderReference: null };
  log.add("orders", { ...fault, line: 2 });
  for (let line = 2; line < MOST_MESSAGES + 52; line++) log.add("items", { ...fault, line });
  await log.drain();

  const messages = (await log.finish()).map((body) => JSON.parse(body));
  expect(messages).toHaveLength(1 + MOST_MESSAGES + 1);
  expect(messages[0]).toMatchObject({ file: "o.csv", line: 2 });
  const rest = "rejects/2022-01-30/r/items.ndjson";
  expect(messages.at(-1)).toMatchObject({
    file: "i.csv",
    line: null,
    message: `50 faults more, each a line of s3://reports/${rest}`,
  });
  expect([log.rest("orders"), log.rest("items")]).toEqual([undefined, rest]);
  expect(Object.keys(objects)).toEqual([rest]);
  const lines = objects[rest]
    ?.trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).line);
  expect(lines).toEqual(Array.from({ length: 50 }, (_, index) => MOST_MESSAGES + 2 + index));
});
