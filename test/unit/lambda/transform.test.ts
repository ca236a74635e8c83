import { describe, expect, it } from "vitest";
import { PermanentFault } from "../../../src/lambda/shared/faults.ts";
import { datasetOf, readRows } from "../../../src/lambda/spotify/to-parquet/transform.ts";

const source = { key: "raw/tracks/t.json", version: "v1", eventTime: 5 };

const rows = (body: unknown, folder = "tracks") =>
  readRows(
    Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    datasetOf(`raw/${folder}/x.json`),
    source,
  );

function fault(body: unknown, folder?: string) {
  try {
    rows(body, folder);
  } catch (error) {
    if (error instanceof PermanentFault) return error.fault;
    throw error;
  }
  throw new Error("the object was accepted");
}

const track = (more: object) => ({ id: "t", type: "track", ...more });
const album = (more: object) => ({ id: "a", type: "album", ...more });

describe("datasets", () => {
  it.each(["raw/shows/1.json", "tracks/1.json", "raw/tracks", "other/tracks/1.json"])(
    "%s belongs to none",
    (key) => {
      expect(() => datasetOf(key)).toThrow("is not of the form raw/<albums|tracks|artists>/<id>.json");
    },
  );

  it("take simplified and full entities, absent members being null", () => {
    expect(rows(track({}))).toMatchObject([{ id: "t", _extra: null, _source_version: "v1", _event_time: 5 }]);
    expect(rows(track({ album: { id: null, name: "Local" }, popularity: null }))).toHaveLength(1);
    const full = { followers: { href: null, total: 12 }, genres: ["pop"], images: [], popularity: 3 };
    expect(rows({ id: "a", type: "artist", ...full }, "artists")).toHaveLength(1);
  });

  it("take an album with its page of tracks, and name a fault inside it", () => {
    const page = { items: [{ id: "t", type: "track", duration_ms: 1 }], total: 1, next: null };
    expect(rows(album({ tracks: page }), "albums")).toHaveLength(1);
    expect(fault(album({ tracks: { items: [{}, { duration_ms: "1" }] } }), "albums")).toEqual({
      errorCode: "SCHEMA_MISMATCH",
      path: "tracks.items[1].duration_ms",
      message: 'expected integer, got string "1"',
    });
  });
});

describe("release dates", () => {
  it.each([
    ["1981", undefined, "year"],
    ["1981-12", undefined, "month"],
    ["1981-12-15", undefined, "day"],
    ["1981-01-01", "year", "year"],
  ])("%s with precision %s has precision %s", (release_date, release_date_precision, expected) => {
    expect(rows(album({ release_date, release_date_precision }), "albums")).toMatchObject([
      { release_date, release_date_precision: expected },
    ]);
  });

  it("of the early Web API, objects, are dates too", () => {
    expect(rows(album({ release_date: { year: 1983, month: null, day: null } }), "albums")).toMatchObject([
      { release_date: "1983", release_date_precision: "year" },
    ]);
    expect(rows(album({ release_date: { year: 1983, month: 4, day: 9 } }), "albums")).toMatchObject([
      { release_date: "1983-04-09", release_date_precision: "day" },
    ]);
  });

  it("of 0000 are unknown", () => {
    expect(rows(album({ release_date: "0000" }), "albums")).toMatchObject([{ release_date: null }]);
  });

  it.each(["soon", "1999-13", "1999-02-30", 1999, ["1999"]])("that are %j are faults", (release_date) => {
    expect(fault(album({ release_date }), "albums")).toMatchObject({ path: "release_date" });
  });
});

describe("unknown fields", () => {
  it("are kept in _extra by their path, at any depth", () => {
    const [row] = rows(
      track({ mood: "blue", album: { vault: { a: 1 } }, artists: [{ id: "x" }, { rank: [1, null] }] }),
    );
    expect(JSON.parse(String(row?._extra))).toEqual({
      mood: "blue",
      "album.vault": { a: 1 },
      "artists[1].rank": [1, null],
    });
  });

  it("keep numbers that JSON.parse would round, and may be called anything", () => {
    const [row] = rows(
      '{"id":"t","type":"track","n":12345678901234567890,"x":{"y":[9007199254740993]},"__proto__":"p"}',
    );
    expect(row?._extra).toBe('{"n":12345678901234567890,"x":{"y":[9007199254740993]},"__proto__":"p"}');
  });

  it("that are nested too deeply are a fault, not a crash", () => {
    const deep = `{"id":"t","type":"track","x":${"[".repeat(60_000)}${"]".repeat(60_000)}}`;
    expect(fault(deep).errorCode).toBe("SCHEMA_MISMATCH");
  });
});

describe("integers", () => {
  it("up to 64 bits are exact", () => {
    expect(rows('{"id":"t","type":"track","duration_ms":9223372036854775807}')).toMatchObject([
      { duration_ms: 9223372036854775807n },
    ]);
    const text =
      '{"id":"12345678901234567890","type":"track","name":"\\"123456789012345678\\"","duration_ms":9007199254740993}';
    expect(rows(text)).toMatchObject([
      { id: "12345678901234567890", name: '"123456789012345678"', duration_ms: 9007199254740993n },
    ]);
  });

  it.each(["9223372036854775808", "1e300", "1.5", '"3"', "true", "[]"])("%s is none", (value) => {
    expect(fault(`{"id":"t","type":"track","duration_ms":${value}}`)).toMatchObject({
      errorCode: "SCHEMA_MISMATCH",
      path: "duration_ms",
    });
  });
});

describe("text", () => {
  it("may begin with a byte order mark", () => {
    expect(rows(`\ufeff${JSON.stringify(track({}))}`)).toHaveLength(1);
  });

  it("may escape surrogates in pairs, not alone", () => {
    expect(rows('{"id":"t","type":"track","name":"\\ud83d\\ude00"}')).toMatchObject([{ name: "😀" }]);
    expect(fault('{"id":"t","type":"track","name":"\\ud83d"}').errorCode).toBe("INVALID_UTF8");
  });

  it.each([
    ["", "EMPTY_OBJECT"],
    [" \r\n\t ", "EMPTY_OBJECT"],
    ["[]", "EMPTY_OBJECT"],
    ["nonsense", "NOT_JSON"],
    ["{'id':1}", "NOT_JSON"],
    ['{"id":"t"', "TRUNCATED_JSON"],
    ['{"id":"t","name":"half', "TRUNCATED_JSON"],
    ['[{"id":"t","type":"track"},', "TRUNCATED_JSON"],
    ['{\n  "id": "t",\n  "type":', "TRUNCATED_JSON"],
    ["null", "SCHEMA_MISMATCH"],
    ["7", "SCHEMA_MISMATCH"],
    ['{"type":"track"}', "SCHEMA_MISMATCH"],
    ['{"id":"t"}', "SCHEMA_MISMATCH"],
    ['{"error":{"status":429}}', "SCHEMA_MISMATCH"],
    ['{"id":"t","type":"episode"}', "WRONG_TYPE"],
  ])("%j is %s", (body, errorCode) => {
    expect(fault(body).errorCode).toBe(errorCode);
  });

  it("of several lines is one value when its first line is none alone", () => {
    expect(rows(JSON.stringify(track({}), null, 2))).toHaveLength(1);
    expect(rows(JSON.stringify([track({}), track({})], null, 2))).toHaveLength(2);
  });

  it("as NDJSON names the record that is at fault", () => {
    const good = JSON.stringify(track({}));
    expect(rows(`${good}\r\n\n${good}\n`)).toHaveLength(2);
    expect(fault(`${good}\n{"id":\n`)).toMatchObject({ errorCode: "TRUNCATED_JSON", path: "[1]" });
    expect(fault(`${good}\n${good}\n{"id":3,"type":"track"}`)).toMatchObject({ path: "[2].id" });
  });
});
