import { createHash } from "node:crypto";
import { snappyUncompress } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  boolean,
  date,
  int64,
  json,
  list,
  required,
  type Struct,
  string,
  struct,
  timestamp,
} from "../../../../src/lambda/shared/parquet/schema.ts";
import { compressSnappy } from "../../../../src/lambda/shared/parquet/snappy.ts";
import { bestCodec, ParquetFile } from "../../../../src/lambda/shared/parquet/writer.ts";
import { temporaryDirectory } from "../../../support/services.ts";
import { queryParquet } from "../duckdb.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

function write(schema: Struct, rows: object[], metadata = {}, codec = bestCodec()): Buffer {
  const chunks: Uint8Array[] = [];
  const file = new ParquetFile(schema, (bytes) => chunks.push(bytes), codec);
  for (const row of rows) file.add(row);
  file.finish(metadata);
  return Buffer.concat(chunks);
}

const read = (file: Buffer, query = "select * from FILE") => queryParquet(directory.path, [file], query);

describe("what DuckDB reads back", () => {
  it("equals nested values, nulls at every depth, and empty lists", async () => {
    const schema = struct({
      id: required(string),
      images: list(struct({ url: string, own: boolean })),
      album: struct({ name: string, artists: list(struct({ genres: list(string) })) }),
    });
    const rows = [
      {
        id: "1",
        images: [
          { url: "a", own: true },
          { url: null, own: null },
        ],
        album: { name: "x", artists: [] },
      },
      { id: "2", images: [], album: null },
      {
        id: "3",
        images: null,
        album: { name: null, artists: [{ genres: ["p", null, "q"] }, null, { genres: [] }] },
      },
      { id: "4", images: [null], album: { name: "y", artists: [{ genres: null }, { genres: ["r"] }] } },
      { id: "5" },
    ];
    expect(await read(write(schema, rows))).toEqual([
      ...rows.slice(0, 4),
      { id: "5", images: null, album: null },
    ]);
  });

  it("equals integers beyond 2^53, on both sides of zero", async () => {
    const values = [
      0,
      -1,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 53 - 1,
      -(2 ** 53) + 1,
      2n ** 63n - 1n,
      -(2n ** 63n),
      null,
    ];
    const file = write(
      struct({ n: int64 }),
      values.map((n) => ({ n })),
    );
    expect((await read(file)).map(({ n }) => n)).toEqual(values.map((n) => (n === null ? null : String(n))));
    const [{ low, high } = {}] = await read(file, "select min(n) as low, max(n) as high from FILE");
    expect([low, high]).toEqual(["-9223372036854775808", "9223372036854775807"]);
  });

  it("equals dates, timestamps, booleans, JSON and text beyond ASCII", async () => {
    const schema = struct({ day: date, moment: timestamp, yes: boolean, extra: json, text: string });
    const at = Date.parse("2026-03-01T12:30:00.250Z");
    const file = write(schema, [
      { day: "1965", moment: at, yes: true, extra: '{"a":[1]}', text: "Ünder 東京 😀" },
      { day: "2026-02", moment: -1, yes: false, extra: null, text: "" },
      { day: "2024-02-29", moment: null, yes: null, extra: "1", text: null },
    ]);
    const rows = await read(
      file,
      "select day::varchar as day, epoch_ms(moment) as ms, yes, extra::varchar as extra, text from FILE",
    );
    expect(rows).toEqual([
      { day: "1965-01-01", ms: String(at), yes: true, extra: '{"a":[1]}', text: "Ünder 東京 😀" },
      { day: "2026-02-01", ms: "-1", yes: false, extra: null, text: "" },
      { day: "2024-02-29", ms: null, yes: null, extra: "1", text: null },
    ]);
    const types = await read(file, "select column_type from (describe select * from FILE)");
    expect(types.map(({ column_type }) => column_type)).toEqual([
      "DATE",
      "TIMESTAMP WITH TIME ZONE",
      "BOOLEAN",
      "JSON",
      "VARCHAR",
    ]);
  });

  it.each([1, 2, 3, 255, 256, 257])("equals a column with %i distinct values, repeated", async (distinct) => {
    const rows = Array.from({ length: distinct * 3 + 1 }, (_, index) => ({
      text: `value ${(index * 7) % distinct}`,
      tags: Array.from({ length: index % 4 }, (_tag, tag) => `t${(index + tag) % distinct}`),
    }));
    expect(await read(write(struct({ text: string, tags: list(string) }), rows))).toEqual(rows);
  });

  it("equals a column with more distinct values than a dictionary may have", async () => {
    const texts = Array.from({ length: 220_000 }, (_, index) => `value ${index % 70_000}`);
    const rows = texts.map((text) => ({ text }));
    expect(
      await read(write(struct({ text: string }), rows), "select md5(string_agg(text, ',')) as md5 from FILE"),
    ).toEqual([{ md5: createHash("md5").update(texts.join(",")).digest("hex") }]);
  });

  it("equals rows spread over several row groups, with their metadata", async () => {
    const rows = Array.from({ length: 40_000 }, (_, index) => ({
      id: `${index}`,
      text: `${index}`.repeat(150),
    }));
    const file = write(struct({ id: required(string), text: string }), rows, { "edp.dataset": "tracks" });
    const name = `'${directory.path}/0.parquet'`;
    const groups = await read(
      file,
      `select count(distinct row_group_id)::int as n from parquet_metadata(${name})`,
    );
    expect(groups[0]?.n).toBeGreaterThan(1);
    const metadata = await read(
      file,
      `select decode(key) as key, decode(value) as value from parquet_kv_metadata(${name})`,
    );
    expect(metadata).toEqual([{ key: "edp.dataset", value: "tracks" }]);
    const md5 = createHash("md5")
      .update(rows.map(({ id, text }) => `${id}:${text}`).join(","))
      .digest("hex");
    expect(await read(file, "select md5(string_agg(id || ':' || text, ',')) as md5 from FILE")).toEqual([
      { md5 },
    ]);
  });

  it("is a file without rows when there were none", async () => {
    expect(await read(write(struct({ id: required(string), tags: list(string) }), []))).toEqual([]);
  });
});

describe("codec", () => {
  it("is Zstandard where the runtime has it, Snappy elsewhere", () => {
    expect(bestCodec({ zstdCompressSync: (bytes: Uint8Array) => bytes }).name).toBe("ZSTD");
    expect(bestCodec({}).name).toBe("SNAPPY");
  });

  it("Snappy gives back what went in, compressible or not, across block borders", () => {
    let state = 1;
    const next = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 16) % below;
    };
    for (const length of [0, 1, 15, 16, 60, 61, 257, 4_000, 65_536, 65_537, 200_000]) {
      for (const distinct of [1, 2, 256]) {
        const input = Uint8Array.from({ length }, (_, index) =>
          index > 99 && next(3) > 0 ? index % 100 : next(distinct),
        );
        const output = new Uint8Array(length);
        snappyUncompress(compressSnappy(input), output);
        expect(Buffer.compare(output, input)).toBe(0);
      }
    }
  });

  it("Snappy makes repeated text small", () => {
    expect(compressSnappy(Buffer.from("https://open.spotify.com/track/".repeat(1000))).length).toBeLessThan(
      2000,
    );
  });
});
