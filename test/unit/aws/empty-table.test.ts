import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import { emptyTable } from "../../../src/aws/empty-table.ts";

interface Command {
  constructor: { name: string };
  input: { RequestItems?: Record<string, unknown[]> };
}

/** A table of so many items that takes two deletions less with each request than it is sent, at first. */
function throttled(items: number) {
  let refusals = 2;
  let left = items;
  const send = async ({ constructor: { name }, input }: Command) => {
    if (name === "DescribeTableCommand") return { Table: { KeySchema: [{ AttributeName: "id" }] } };
    if (name === "ScanCommand") {
      return { Items: Array.from({ length: items }, (_, n) => ({ id: { N: String(n) } })) };
    }
    const requests = input.RequestItems?.t ?? [];
    const over = refusals-- > 0 ? requests.slice(-2) : [];
    left -= requests.length - over.length;
    return { UnprocessedItems: over.length > 0 ? { t: over } : {} };
  };
  return { client: Object.assign(new DynamoDBClient({ region: "us-east-1" }), { send }), left: () => left };
}

it("what DynamoDB leaves over is sent again, after waits that grow", async () => {
  const table = throttled(25);
  const waits: number[] = [];
  const pause = async (ms: number) => void waits.push(ms);
  expect(await emptyTable(table.client, "t", new AbortController().signal, () => {}, pause)).toBe(25);
  expect(table.left()).toBe(0);
  expect(waits).toEqual([50, 100]);
});

it("ends at an interruption", async () => {
  const abort = new AbortController();
  abort.abort(new Error("Ctrl-C"));
  await expect(emptyTable(throttled(1).client, "t", abort.signal)).rejects.toThrow("Ctrl-C");
});
