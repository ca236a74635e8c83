import { gzipSync } from "node:zlib";
import { PutRecordsCommand, type PutRecordsCommandInput } from "@aws-sdk/client-kinesis";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import { accept, type Invocation } from "../../../../src/lambda/fakestore/accept/accept.ts";
import { readEnvironment } from "../../../../src/lambda/fakestore/accept/environment.ts";

type Entry = { id: string; partition: string | undefined };

let lines: { level: string; message: string; fields: Record<string, unknown> }[];
let pauses: number[];
let remainingMs: number;
/** The ids of each PutRecords, and how the stream answers: an error's code for a record, or a thrown error. */
let puts: Entry[][];
let stream: (call: number, entries: Entry[]) => (string | undefined)[];

const kinesis = {
  send: async (command: unknown) => {
    expect(command).toBeInstanceOf(PutRecordsCommand);
    const input = (command as { input: PutRecordsCommandInput }).input;
    expect(input.StreamName).toBe("events");
    const entries = (input.Records ?? []).map(({ Data, PartitionKey }) => ({
      id: JSON.parse(Buffer.from(Data ?? []).toString("utf8")).eventId as string,
      partition: PartitionKey,
    }));
    puts.push(entries);
    const results = stream(puts.length, entries);
    const Records = results.map((ErrorCode) => (ErrorCode ? { ErrorCode } : { SequenceNumber: "1" }));
    return { FailedRecordCount: results.filter(Boolean).length, Records };
  },
} as unknown as Invocation["kinesis"];

beforeEach(() => {
  lines = [];
  pauses = [];
  puts = [];
  remainingMs = 20_000;
  stream = (_, entries) => entries.map(() => undefined);
});

const product = (id: number) => ({
  type: "product",
  eventId: `e-${id}`,
  data: { id, title: "a", price: 1, category: "b" },
});

async function post(body: unknown, request: Partial<APIGatewayProxyEvent> = {}, corsOrigins: string[] = []) {
  const event = {
    headers: {},
    body: typeof body === "string" ? body : JSON.stringify(body),
    isBase64Encoded: false,
    ...request,
  } as APIGatewayProxyEvent;
  const answer = await accept(event, {
    kinesis,
    environment: { stream: "events", corsOrigins },
    log: (level, message, fields = {}) => lines.push({ level, message, fields }),
    now: () => Date.UTC(2026, 10, 21),
    remainingMs: () => remainingMs,
    pause: async (ms) => void pauses.push(ms),
    random: () => 1,
  });
  return { status: answer.statusCode, headers: answer.headers ?? {}, body: JSON.parse(answer.body) };
}

describe("a request is answered", () => {
  it("202 with the ids of all its events", async () => {
    expect(await post([product(1), product(2)])).toMatchObject({
      status: 202,
      body: {
        accepted: [
          { index: 0, eventId: "e-1" },
          { index: 1, eventId: "e-2" },
        ],
        rejected: [],
      },
    });
    expect(puts).toEqual([
      [
        { id: "e-1", partition: "product:1" },
        { id: "e-2", partition: "product:2" },
      ],
    ]);
  });

  it("207 where some are bad, each in a line of the log, and 400 where all are", async () => {
    const bad = { type: "product", data: { price: "1" } };
    expect(await post([bad, product(1)])).toMatchObject({
      status: 207,
      body: { accepted: [{ index: 1, eventId: "e-1" }], rejected: [{ index: 0, path: "data.id" }] },
    });
    expect(lines).toMatchObject([
      { level: "WARN", message: "event rejected", fields: { index: 0, type: "product", path: "data.id" } },
      { level: "INFO", message: "request done", fields: { events: 2, records: 1, rejected: 1, failed: 0 } },
    ]);
    expect(await post(bad)).toMatchObject({ status: 400, body: { accepted: [] } });
    expect(puts).toHaveLength(1);
  });

  it("for an event that came twice in both places", async () => {
    expect((await post([product(1), product(1)])).body.accepted).toEqual([
      { index: 0, eventId: "e-1" },
      { index: 1, eventId: "e-1" },
    ]);
    expect(puts).toEqual([[{ id: "e-1", partition: "product:1" }]]);
  });

  it("with the id in the header Idempotency-Key, however that is written", async () => {
    const { eventId, ...event } = product(1);
    const { body } = await post(event, { headers: { "IDEMPOTENCY-KEY": "once" } });
    expect(body.accepted).toEqual([{ index: 0, eventId: "once" }]);
    expect(await post(event, { headers: { "idempotency-key": "" } })).toMatchObject({
      status: 400,
      body: { message: "Invalid request body", error: expect.stringContaining("Idempotency-Key") },
    });
  });

  it("the same for base64, gzip, and gzip that the gateway left as it is", async () => {
    const json = JSON.stringify(product(1));
    const packed = { isBase64Encoded: true, headers: { "content-encoding": "gzip" } };
    for (const body of [Buffer.from(json), gzipSync(json)])
      expect((await post(body.toString("base64"), packed)).status).toBe(202);
    expect((await post(json, { headers: { "content-encoding": "gzip" } })).status).toBe(202);
  });

  it("to pages of the given origins only", async () => {
    const from = (origin: string) => ({ headers: { Origin: origin } });
    const { headers } = await post(product(1), from("https://shop.example"), ["https://shop.example"]);
    expect(headers).toMatchObject({ "access-control-allow-origin": "https://shop.example", vary: "Origin" });
    expect(
      (await post(product(1), from("https://evil.example"), ["https://shop.example"])).headers,
    ).not.toHaveProperty("access-control-allow-origin");
    expect((await post("{", from("https://a.example"), ["*"])).headers).toHaveProperty(
      "access-control-allow-origin",
    );
  });
});

describe("a body is refused as a whole", () => {
  const megabyte = (bytes: number) => JSON.stringify([product(1), "x".repeat(bytes - 100)]).padEnd(bytes);

  it.each([
    ["no JSON", "{", 400, "The body is not JSON"],
    ["nothing", "", 400, "The body is not JSON"],
    ["null", "null", 400, "must be an event or an array"],
    ["a number", "1", 400, "must be an event or an array"],
    ["no events", "[]", 400, "has 0 events"],
    ["501 events", JSON.stringify(Array.from({ length: 501 }, () => 0)), 400, "has 501 events"],
    ["1 MB and a byte", megabyte(1024 * 1024 + 1), 413, "larger than 1048576 bytes"],
    ["gzip that a gateway took for text", gzipSync("{}").toString("utf8"), 415, "Content-Encoding: gzip"],
    ["a very deep list", `${"[".repeat(200_000)}`, 400, "The body is not JSON"],
  ])("with %s", async (_, body, status, error) => {
    expect(await post(body)).toMatchObject({ status, body: { error: expect.stringContaining(error) } });
    expect(lines).toMatchObject([{ level: "WARN", message: "request refused", fields: { status } }]);
  });

  it("with 1 MB it is not", async () => expect((await post(megabyte(1024 * 1024))).status).toBe(207));

  it("with bytes that are no UTF-8, a bomb, or gzip that is cut off", async () => {
    const packed = async (body: Buffer) =>
      (await post(body.toString("base64"), { isBase64Encoded: true })).status;
    expect(await packed(Buffer.from([0x22, 0xff, 0x22]))).toBe(400);
    expect(await packed(gzipSync(Buffer.alloc(100 * 1024 * 1024)))).toBe(413);
    expect(await packed(gzipSync(JSON.stringify(product(1))).subarray(0, 30))).toBe(415);
  });

  it("with one event alone that is too large it is told by its index", async () => {
    const large = { ...product(1), data: { ...product(1).data, description: "x".repeat(900 * 1024) } };
    expect(await post(large)).toMatchObject({
      status: 413,
      body: { accepted: [], rejected: [{ index: 0 }] },
    });
  });
});

describe("a stream that does not take records", () => {
  const three = [product(1), product(2), product(3)];

  it("gets only those again, after growing pauses", async () => {
    stream = (call, entries) =>
      entries.map(({ id }) =>
        call < 3 && id !== "e-2" ? "ProvisionedThroughputExceededException" : undefined,
      );
    expect((await post(three)).status).toBe(202);
    expect(puts.map((entries) => entries.map(({ id }) => id))).toEqual([
      ["e-1", "e-2", "e-3"],
      ["e-1", "e-3"],
      ["e-1", "e-3"],
    ]);
    expect(pauses).toEqual([50, 100]);
  });

  it("to the end is told with 503: what is in, what is bad, and what to send again", async () => {
    stream = (_, entries) => entries.map(({ id }) => (id === "e-2" ? "InternalFailure" : undefined));
    const { status, headers, body } = await post([...three, { type: "x" }]);
    expect([status, headers["retry-after"]]).toEqual([503, "2"]);
    expect(body).toEqual({
      accepted: [
        { index: 0, eventId: "e-1" },
        { index: 2, eventId: "e-3" },
      ],
      rejected: [{ index: 3, path: "type", reason: expect.any(String) }],
      retry: [{ index: 1, eventId: "e-2", reason: "InternalFailure" }],
    });
    expect(puts).toHaveLength(7);
    expect(lines.at(-2)).toMatchObject({
      level: "ERROR",
      fields: { records: 1, reasons: { InternalFailure: 1 }, retried: false },
    });
  });

  it("for no longer than there is time", async () => {
    remainingMs = 60;
    stream = () => {
      remainingMs -= 30;
      throw Object.assign(new Error("no route"), { name: "TimeoutError" });
    };
    expect(await post(three)).toMatchObject({
      status: 503,
      body: { accepted: [], retry: [{ reason: "TimeoutError" }, {}, {}] },
    });
    expect(puts).toHaveLength(1);
  });

  it("but answers for too few of them has taken none of the others", async () => {
    stream = (call, entries) => (call === 1 ? [undefined] : entries.map(() => undefined));
    expect((await post(three)).status).toBe(202);
    expect(puts.map(({ length }) => length)).toEqual([3, 2]);
  });
});

describe("the environment", () => {
  it("names the stream and the origins, and what is missing", () => {
    const variables = { STREAM_EVENTS: "s", EDP_CORS_ALLOWED_ORIGINS: "https://a.example,https://b.example" };
    expect(readEnvironment(variables)).toEqual({
      stream: "s",
      corsOrigins: ["https://a.example", "https://b.example"],
    });
    expect(() => readEnvironment({})).toThrow("STREAM_EVENTS");
  });
});
