import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Batch } from "../../../../src/local/firehose/batch.ts";
import { parseDestination } from "../../../../src/local/firehose/destination.ts";
import { formatQuery, keyExtractor, parseQuery } from "../../../../src/local/firehose/partition-keys.ts";

const DESTINATION = {
  ...parseDestination({
    BucketARN: "arn:aws:s3:::b",
    Prefix: "t=!{partitionKeyFromQuery:t}/!{timestamp:HH}/!{firehose:random-string}/",
    ErrorOutputPrefix: "e/!{firehose:error-output-type}/",
    CompressionFormat: "GZIP",
    ProcessingConfiguration: {
      Processors: [
        {
          Type: "MetadataExtraction",
          Parameters: [{ ParameterName: "MetadataExtractionQuery", ParameterValue: "{t:.t}" }],
        },
      ],
    },
  }),
};
const identity = { id: "one", at: 9, deliveryStream: "d", version: 3 };

function batchOf(texts: string[], id = "one"): Batch {
  const batch = new Batch({ ...identity, id }, DESTINATION);
  for (const [ordinal, text] of texts.entries()) {
    batch.add({ ordinal, arrivedAt: 3_600_000 * (5 - ordinal), key: "", data: Buffer.from(text) });
  }
  return batch;
}

async function contents(batch: Batch): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const { key, payload } of batch.objects()) {
    const pieces: Buffer[] = [];
    for await (const piece of payload()) pieces.push(piece);
    texts[key] = gunzipSync(Buffer.concat(pieces)).toString();
  }
  return texts;
}

describe("a batch", () => {
  const texts = ['{"t":"a"}', "x", '{"t":"b"}', '{"t":"a"}'];

  it("gives the same objects for the same records, and others in another batch", async () => {
    const first = await contents(batchOf(texts));
    expect(await contents(batchOf(texts))).toEqual(first);
    expect(Object.keys(first)).toHaveLength(3);
    const other = Object.keys(await contents(batchOf(texts, "two")));
    expect(Object.keys(first).filter((key) => other.includes(key))).toEqual([]);
  });

  it("names an object by the arrival of its oldest record", () => {
    const [a = "", failed = "", b = ""] = batchOf(texts)
      .objects()
      .map(({ key }) => key);
    expect(a).toMatch(/^t=a\/02\/[A-Za-z0-9]{11}\/d-3-1970-01-01-02-00-00-[0-9a-f-]{36}\.gz$/);
    expect(b).toMatch(/^t=b\/03\//);
    expect(failed).toMatch(/^e\/metadata-extraction-failed\/d-3-1970-01-01-04-/);
  });

  it("counts records and bytes before compression", () => {
    const batch = batchOf(texts);
    expect([batch.records, batch.bytes, batch.oldest]).toEqual([4, 28, 7_200_000]);
    expect(batch.objects().map(({ records, bytes }) => [records, bytes])[0]).toEqual([2, 18]);
  });

  it("compresses what is larger than one piece", async () => {
    const text = `{"t":"a","x":"${"y".repeat(50_000)}"}`;
    const [content = ""] = Object.values(await contents(batchOf(Array.from({ length: 5 }, () => text))));
    expect(content).toBe(text.repeat(5));
  });
});

describe("partition keys", () => {
  it("are read from a query of plain paths, and written as one", () => {
    const paths = { type: ".type", customer: ".customer.id" };
    expect(parseQuery('{ type : .type, "customer":.customer.id }')).toEqual(paths);
    expect(parseQuery(formatQuery(paths))).toEqual(paths);
    for (const query of ["", "{}", ".type", "{a:.b[0]}", "{a:.b|tostring}", "{a}"]) {
      expect(() => parseQuery(query)).toThrow(/plain paths only/);
    }
  });

  it("are strings, numbers and booleans found along the path", () => {
    const extract = keyExtractor({ a: ".a", c: ".b.c" });
    const of = (value: unknown) => extract(Buffer.from(JSON.stringify(value)));
    expect(of({ a: "x", b: { c: 1.5 } })).toEqual({ values: { a: "x", c: "1.5" } });
    expect(of({ a: false, b: { c: "größer" } })).toEqual({ values: { a: "false", c: "größer" } });
    const empty = { failure: "partitionKeys values must not be null or empty" };
    for (const value of [{}, { a: "x" }, { a: "x", b: null }, { a: "", b: { c: 1 } }, null]) {
      expect(of(value)).toEqual(empty);
    }
    expect(of({ a: "x", b: "text" })).toEqual({ failure: 'jq: error: Cannot index string with "c"' });
    expect(of({ a: [], b: { c: 1 } })).toEqual({
      failure: expect.stringContaining("no string, number or boolean"),
    });
    expect(keyExtractor({ a: ".toString" })(Buffer.from("{}"))).toEqual(empty);
  });
});
