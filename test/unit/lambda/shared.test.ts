import type { SQSRecord } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { claimKey } from "../../../src/lambda/shared/claims.ts";
import { deadLetterEntry } from "../../../src/lambda/shared/dead-letters.ts";
import { splitLines } from "../../../src/lambda/shared/lines.ts";
import { createLog } from "../../../src/lambda/shared/log.ts";
import { unwrapObjectEvents } from "../../../src/lambda/shared/object-events.ts";
import { ByteBudget, eachLimited } from "../../../src/lambda/shared/parallel.ts";
import { readEnvironment } from "../../../src/lambda/spotify/to-parquet/environment.ts";
import { message } from "./function-bench.ts";

describe("object events", () => {
  const bridge = {
    "detail-type": "Object Created",
    time: "2026-01-02T03:04:05Z",
    detail: {
      bucket: { name: "b" },
      object: { key: "raw/a b+c%20.json", size: 3, etag: "e", "version-id": "v" },
    },
  };

  it("come from EventBridge with the key as it is", () => {
    expect(unwrapObjectEvents(JSON.stringify(bridge))).toEqual([
      { bucket: "b", key: "raw/a b+c%20.json", version: "v", time: "2026-01-02T03:04:05.000Z", size: 3 },
    ]);
  });

  it("come through SNS, wrapped", () => {
    const wrapped = { Type: "Notification", Message: JSON.stringify(bridge) };
    expect(unwrapObjectEvents(JSON.stringify(wrapped))).toMatchObject([{ bucket: "b", version: "v" }]);
  });

  it("come as S3 notifications with the key form-encoded", () => {
    const record = {
      eventName: "ObjectCreated:Put",
      eventTime: "2026-01-02T03:04:05.678Z",
      s3: { bucket: { name: "b" }, object: { key: "raw/a+b%2Bc/%E6%9D%B1.json", size: 1, versionId: "v" } },
    };
    expect(unwrapObjectEvents(JSON.stringify({ Records: [record, record] }))).toMatchObject([
      { key: "raw/a b+c/東.json", time: "2026-01-02T03:04:05.678Z" },
      {},
    ]);
  });

  it("name the version by its ETag in a bucket without versions", () => {
    const detail = { bucket: { name: "b" }, object: { key: "k", etag: "abc" } };
    expect(unwrapObjectEvents(JSON.stringify({ ...bridge, detail }))).toMatchObject([
      { version: "etag:abc" },
    ]);
  });

  it.each([
    ["text", "hello"],
    ["a number", "3"],
    ["another object", "{}"],
    ["a deletion", JSON.stringify({ ...bridge, "detail-type": "Object Deleted" })],
    ["an event without detail", JSON.stringify({ ...bridge, detail: undefined })],
    ["an event without time", JSON.stringify({ ...bridge, time: undefined })],
    ["an envelope around text", JSON.stringify({ Type: "Notification", Message: "hello" })],
    ["a broken notification", JSON.stringify({ Records: [null] })],
  ])("are not in %s", (_what, body) => {
    expect(() => unwrapObjectEvents(body)).toThrow(expect.objectContaining({ errorCode: "NOT_AN_EVENT" }));
  });
});

describe("a dead letter", () => {
  const cause = {
    errorCode: "NOT_JSON",
    path: "",
    message: "m".repeat(500),
    function: "f",
    requestId: "r",
    time: "2026-01-01T00:00:00Z",
  } as const;
  const attribute = (stringValue: string) => ({ dataType: "String", stringValue });
  const letter = (record: SQSRecord) => deadLetterEntry({ record, cause }, "0");

  it("keeps body and attributes, binary ones too, and carries the cause", () => {
    const binary = { dataType: "Binary", binaryValue: Buffer.from("bytes").toString("base64") };
    const { entry, kept } = letter(message("body", { text: attribute("t"), binary }));
    expect(kept).toBe("whole");
    expect(entry.MessageBody).toBe("body");
    expect(entry.MessageAttributes).toMatchObject({
      text: { DataType: "String", StringValue: "t" },
      binary: { DataType: "Binary", BinaryValue: Buffer.from("bytes") },
    });
    expect(JSON.parse(entry.MessageAttributes?.["edp-cause"]?.StringValue ?? "")).toEqual(cause);
  });

  it("replaces the cause of an earlier fault", () => {
    const { entry } = letter(message("body", { "edp-cause": attribute("old") }));
    expect(Object.keys(entry.MessageAttributes ?? {})).toEqual(["edp-cause"]);
    expect(entry.MessageAttributes?.["edp-cause"]?.StringValue).toContain("NOT_JSON");
  });

  it("goes without the cause when it has ten attributes already", () => {
    const ten = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`a${index}`, attribute("x")]));
    const { entry, kept } = letter(message("body", ten));
    expect(kept).toBe("dropped");
    expect(Object.keys(entry.MessageAttributes ?? {})).toHaveLength(10);
  });

  it.each([
    [1024 * 1024 - 400, "shortened"],
    [1024 * 1024 - 20, "dropped"],
  ])("of %i bytes goes with its cause %s, within 1 MiB", (bytes, expected) => {
    const { bytes: sent, kept } = letter(message("x".repeat(bytes)));
    expect(kept).toBe(expected);
    expect(sent).toBeLessThanOrEqual(1024 * 1024);
  });
});

describe("claims", () => {
  it("have a key for each bucket, key and version", () => {
    const keys = [
      claimKey("b", "k", "v"),
      claimKey("b", "k", "w"),
      claimKey("b", "kv", ""),
      claimKey("bk", "", "v"),
    ];
    expect(new Set(keys).size).toBe(4);
    expect(keys[0]).toMatch(/^_claims\/[0-9a-f]{64}\.json$/);
    expect(claimKey("b", "k", "v")).toBe(keys[0]);
  });
});

describe("lines", () => {
  async function* chunks(text: string, size: number) {
    for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
  }

  it.each([1, 2, 3, 7, 100])("are the same in chunks of %i bytes", async (size) => {
    const lines: string[] = [];
    for await (const line of splitLines(chunks("one\ntwo\r\n\n  \nthree\nfour", size), 100))
      lines.push(line.toString());
    expect(lines).toEqual(["one", "two\r", "three", "four"]);
  });

  it("have a limit", async () => {
    const read = async () => {
      for await (const line of splitLines(chunks("x".repeat(50), 10), 30)) expect(line).toBeUndefined();
    };
    await expect(read()).rejects.toThrow("more than 30 bytes");
  });
});

describe("bounds", () => {
  it("run at most so many at a time", async () => {
    let running = 0;
    let most = 0;
    await eachLimited(Array.from({ length: 20 }), 3, async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    });
    expect(most).toBe(3);
  });

  it("hold at most so many bytes, and let through alone what is larger", async () => {
    const budget = new ByteBudget(100);
    let held = 0;
    let most = 0;
    const hold = (bytes: number) =>
      budget.hold(bytes, async () => {
        held += bytes;
        most = Math.max(most, held);
        await new Promise(setImmediate);
        held -= bytes;
      });
    await Promise.all([hold(60), hold(30), hold(50), hold(500), hold(10)]);
    expect(most).toBe(500);
    await Promise.all([hold(60), hold(50)]);
    expect(held).toBe(0);
  });
});

describe("the environment", () => {
  it("names every variable that is missing", () => {
    expect(() => readEnvironment({ BUCKET_STAGING: "s" })).toThrow("BUCKET_BRONZE, DLQ_LANDED_URL");
  });
});

describe("the log", () => {
  it("is one line of JSON with the request id", () => {
    const lines: string[] = [];
    createLog("r1", (line) => void lines.push(line))("WARN", "a\nb", { errorCode: "X" });
    expect(lines[0]?.endsWith("\n")).toBe(true);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: "WARN",
      message: "a\nb",
      requestId: "r1",
      errorCode: "X",
    });
    expect(lines[0]?.indexOf("\n")).toBe((lines[0]?.length ?? 0) - 1);
  });
});
