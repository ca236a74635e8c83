import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../support/services.ts";
import { queryParquet } from "./duckdb.ts";
import { FakeS3, S3Fault } from "./fake-s3.ts";
import { BRONZE, created, FunctionBench, failedIds, message, STAGING, track } from "./function-bench.ts";

let s3: FakeS3;
let bench: FunctionBench;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  s3 = new FakeS3();
  bench = new FunctionBench(s3);
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

const land = (id: string, body: object | string = track(id), folder = "tracks") => {
  const key = `raw/${folder}/${id}.json`;
  const version = s3.put(BRONZE, key, typeof body === "string" ? body : JSON.stringify(body));
  return { key, version, message: created(key, version) };
};

const query = (sql: string) =>
  queryParquet(
    directory.path,
    bench.outputs().map((key) => s3.get(STAGING, key) as Buffer),
    sql,
  );

const ids = async () => (await query("select id from FILE order by id")).map((row) => row.id);

describe("a batch of good objects", () => {
  it("becomes one file for each dataset and date of the events, not of the clock", async () => {
    const artist = { id: "a", type: "artist", name: "A" };
    const first = land("t1");
    const next = land("t2");
    const answer = await bench.run(
      first.message,
      created(next.key, next.version, { time: "2026-01-02T00:00:01Z" }),
      land("a", artist, "artists").message,
    );
    expect(answer.batchItemFailures).toEqual([]);
    expect(bench.outputs()).toEqual([
      "dataset=artists/ingest_date=2026-01-01/artists-r1-n3.parquet",
      "dataset=tracks/ingest_date=2026-01-01/tracks-r1-n1.parquet",
      "dataset=tracks/ingest_date=2026-01-02/tracks-r1-n2.parquet",
    ]);
    expect(bench.outcome).toMatchObject({ messages: 3, processed: 3, faulty: 0, retried: 0 });
  });

  it("is named in the log object by object, with event, message, receive and output", async () => {
    const good = land("t1");
    const bad = land("t2", "{");
    await bench.run(good.message, bad.message);
    const [line] = bench.lines.filter(({ message: text }) => text === "objects");
    expect(line).toMatchObject({
      level: "INFO",
      requestId: "r1",
      bucket: BRONZE,
      staging: STAGING,
      objects: [
        {
          key: good.key,
          version: good.version,
          eventId: `event of ${good.key}`,
          messageId: good.message.messageId,
          receive: 1,
          sentAt: expect.any(Number),
          ending: "processed",
          output: bench.outputs()[0],
        },
        { key: bad.key, messageId: bad.message.messageId, ending: "faulty" },
      ],
    });
  });

  it("has at most 20 objects in a line of the log", async () => {
    await bench.run(...Array.from({ length: 45 }, (_, index) => land(`t${index}`).message));
    const lines = bench.lines.filter(({ message: text }) => text === "objects");
    expect(lines.map(({ objects }) => (objects as unknown[]).length)).toEqual([20, 20, 5]);
  });

  it("carries the source of each row, and lists the sources in the footer", async () => {
    const { key, version, message: record } = land("t1");
    await bench.run(record);
    const rows = await query("select _source_key, _source_version, epoch_ms(_event_time) as ms from FILE");
    expect(rows).toEqual([
      { _source_key: key, _source_version: version, ms: String(Date.parse("2026-01-01T23:59:58Z")) },
    ]);
    const [file] = bench.outputs().map((name) => s3.get(STAGING, name)?.toString("latin1"));
    expect(file).toContain(JSON.stringify([[key, version]]));
  });

  it("counts an object once when two messages of a batch name it", async () => {
    const { key, version } = land("t1");
    await bench.run(created(key, version), created(key, version));
    expect(await ids()).toEqual(["t1"]);
  });

  it("takes arrays and NDJSON, all of an object or nothing", async () => {
    const bad = land(
      "bad",
      `${JSON.stringify(track("b1"))}\n${JSON.stringify(track("b2", { explicit: "no" }))}\n`,
    );
    await bench.run(
      land("array", [track("t1"), track("t2")]).message,
      land("lines", `${JSON.stringify(track("t3"))}\n\n${JSON.stringify(track("t4"))}`).message,
      bad.message,
    );
    expect(await ids()).toEqual(["t1", "t2", "t3", "t4"]);
    expect(bench.sqs.causes).toMatchObject([{ errorCode: "SCHEMA_MISMATCH", path: "[1].explicit" }]);
  });
});

describe("a permanent fault", () => {
  it.each([
    ["not JSON", "{'id'}", "NOT_JSON"],
    ["an empty object", "", "EMPTY_OBJECT"],
    ["a truncated object", '{"id":"t1","type":"tra', "TRUNCATED_JSON"],
    ["another type", JSON.stringify({ id: "x", type: "album" }), "WRONG_TYPE"],
    ["a value that doesn't fit", JSON.stringify(track("x", { duration_ms: "long" })), "SCHEMA_MISMATCH"],
    ["bytes that are not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "INVALID_UTF8"],
  ])("%s goes to the DLQ at once with its cause, and fails nothing else", async (_what, body, errorCode) => {
    const key = "raw/tracks/bad.json";
    const record = created(key, s3.put(BRONZE, key, body), {
      attributes: { trace: { dataType: "String", stringValue: "abc" } },
    });
    const answer = await bench.run(record, land("good").message);
    expect(answer.batchItemFailures).toEqual([]);
    expect(await ids()).toEqual(["good"]);
    expect(bench.sqs.sent).toHaveLength(1);
    expect(bench.sqs.sent[0]?.MessageBody).toBe(record.body);
    expect(bench.sqs.sent[0]?.MessageAttributes.trace).toEqual({ DataType: "String", StringValue: "abc" });
    expect(bench.sqs.causes[0]).toMatchObject({
      errorCode,
      function: "edp-test-spotify-to-parquet",
      requestId: "r1",
      time: "2026-01-02T00:00:00.000Z",
    });
    expect(bench.lines).toContainEqual(
      expect.objectContaining({ level: "ERROR", errorCode, messageId: record.messageId }),
    );
  });

  it("names the path of the value and what was expected of it", async () => {
    await bench.run(land("x", track("x", { artists: [{ id: "a" }, { id: 7 }] })).message);
    expect(bench.sqs.causes[0]).toMatchObject({
      path: "artists[1].id",
      message: "expected string, got number 7",
    });
  });

  it("is the end of a deleted object, a foreign bucket, an unknown folder and a message that is no event", async () => {
    const gone = land("gone");
    s3.remove(BRONZE, gone.key);
    await bench.run(
      gone.message,
      created("raw/tracks/x.json", "v", { bucket: "elsewhere" }),
      created("raw/shows/x.json", "v"),
      message("no event"),
    );
    expect(bench.sqs.causes.map((cause) => cause.errorCode)).toEqual([
      "OBJECT_NOT_FOUND",
      "UNKNOWN_BUCKET",
      "UNKNOWN_DATASET",
      "NOT_AN_EVENT",
    ]);
  });

  it("comes again when the DLQ doesn't take it", async () => {
    bench.sqs.refuse = new Error("no DLQ today");
    const bad = land("bad", "{").message;
    expect(failedIds(await bench.run(bad, land("good").message))).toEqual([bad.messageId]);
  });

  it("acknowledges S3's test event and folder markers without output", async () => {
    const answer = await bench.run(
      message(JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: BRONZE })),
      created("raw/tracks/", s3.put(BRONZE, "raw/tracks/", ""), { size: 0 }),
    );
    expect(answer.batchItemFailures).toEqual([]);
    expect(bench.sqs.sent).toEqual([]);
    expect(bench.outputs()).toEqual([]);
  });
});

describe("a transient fault", () => {
  it("fails the messages of the object that S3 throttles, and no other", async () => {
    const slow = land("slow");
    s3.before = (command, key) => {
      if (command === "GetObject" && key === slow.key) throw new S3Fault("SlowDown", 503);
    };
    const answer = await bench.run(slow.message, land("good").message);
    expect(failedIds(answer)).toEqual([slow.message.messageId]);
    expect(await ids()).toEqual(["good"]);
    expect(bench.sqs.sent).toEqual([]);
  });

  it("takes all objects of an output that can't be written", async () => {
    s3.before = (command, key) => {
      if (command === "PutObject" && key.startsWith("dataset=")) throw new S3Fault("InternalError", 500);
    };
    const [one, two] = [land("t1").message, land("t2").message];
    expect(failedIds(await bench.run(one, two))).toEqual([one.messageId, two.messageId]);
  });

  it("starts nothing when the deadline is near, and reports the rest as failures", async () => {
    const [one, two] = [land("t1"), land("t2")];
    s3.before = (command) => {
      if (command === "GetObject") bench.remainingMs = 10_000;
    };
    bench.remainingMs = 60_000;
    const hold = created(one.key, one.version, { size: 1e9 });
    const answer = await bench.run(hold, created(two.key, two.version, { size: 1e9 }));
    expect(failedIds(answer)).toHaveLength(1);
    expect(await ids()).toEqual(["t1"]);
  });
});

describe("a large object", () => {
  const lines = (count: number) =>
    Array.from(
      { length: count },
      (_, index) => `${JSON.stringify(track(`t${index}`, { name: "x".repeat(900) }))}\n`,
    ).join("");

  it("is streamed into an output of its own when it is NDJSON", async () => {
    bench.memoryMb = 16;
    const big = land("big", lines(1000));
    expect((await bench.run(big.message, land("small").message)).batchItemFailures).toEqual([]);
    expect(bench.outputs()).toHaveLength(2);
    expect(await query("select count(*)::int as rows, count(distinct id)::int as ids from FILE")).toEqual([
      { rows: 1001, ids: 1001 },
    ]);
  });

  it("leaves nothing behind when its last line is at fault", async () => {
    bench.memoryMb = 16;
    await bench.run(land("big", `${lines(1000)}{"id":1}\n`).message);
    expect(bench.outputs()).toEqual([]);
    expect(s3.keys(STAGING)).toEqual([]);
    expect(bench.sqs.causes[0]).toMatchObject({ errorCode: "SCHEMA_MISMATCH", path: "[1000].id" });
  });

  it("is too large when it is one JSON value, or more than can be streamed", async () => {
    bench.memoryMb = 16;
    const array = land(
      "array",
      JSON.stringify(Array.from({ length: 4000 }, (_, index) => track(`t${index}`))),
    );
    const huge = land("huge", lines(6000));
    await bench.run(array.message, huge.message);
    expect(bench.sqs.causes.map((cause) => cause.errorCode)).toEqual([
      "OBJECT_TOO_LARGE",
      "OBJECT_TOO_LARGE",
    ]);
    expect(bench.outputs()).toEqual([]);
  });
});

describe("redelivery", () => {
  it("gives no second row, however the messages are grouped anew", async () => {
    const [a, b, c] = [land("a"), land("b"), land("c")];
    await bench.run(a.message, b.message);
    await bench.run(b.message, c.message);
    await bench.run(c.message, a.message);
    expect(await ids()).toEqual(["a", "b", "c"]);
    expect(bench.outcome).toMatchObject({ processed: 0, alreadyDone: 2 });
  });

  it("of a version that is deleted by now is no fault when its row exists", async () => {
    const { key, version, message: record } = land("a");
    await bench.run(record);
    s3.remove(BRONZE, key, version);
    expect((await bench.run(record)).batchItemFailures).toEqual([]);
    expect(bench.sqs.sent).toEqual([]);
  });

  const steps = [
    ["before the object is read", { step: "before", command: "GetObject", prefix: "raw/" }],
    ["before the claim", { step: "before", command: "PutObject", prefix: "_claims/" }],
    ["between the claim and the write", { step: "after", command: "PutObject", prefix: "_claims/" }],
    ["at the write", { step: "before", command: "PutObject", prefix: "dataset=" }],
    ["between the write and the return", { step: "after", command: "PutObject", prefix: "dataset=" }],
  ] as const;

  it.each(steps)("after a process that died %s loses and doubles nothing", async (_when, at) => {
    const [a, b, c] = [land("a"), land("b"), land("c")];
    await bench.crash(at, a.message, b.message);
    // While the claims hold, another group of the same messages must wait.
    await bench.run(b.message, c.message);
    bench.nowMs += 11_000;
    expect(failedIds(await bench.run(a.message, c.message, b.message))).toEqual([]);
    expect(await ids()).toEqual(["a", "b", "c"]);
  });

  it.each(steps.slice(1))("after a request that failed %s loses and doubles nothing", async (_when, at) => {
    const [a, b] = [land("a"), land("b")];
    let failed = false;
    s3[at.step] = (command, key) => {
      if (failed || command !== at.command || !key.startsWith(at.prefix)) return;
      failed = true;
      throw new S3Fault("ECONNRESET");
    };
    expect(failedIds(await bench.run(a.message, b.message)).length).toBeGreaterThan(0);
    bench.nowMs += 11_000;
    expect(failedIds(await bench.run(b.message, a.message))).toEqual([]);
    expect(await ids()).toEqual(["a", "b"]);
  });

  it("of a version that was deleted while another invocation writes its row waits for that one", async () => {
    const a = land("a");
    await bench.crash({ step: "before", command: "PutObject", prefix: "dataset=" }, a.message);
    s3.remove(BRONZE, a.key, a.version);
    expect(failedIds(await bench.run(a.message))).toEqual([a.message.messageId]);
    expect(bench.sqs.sent).toEqual([]);
    bench.nowMs += 11_000;
    await bench.run(a.message);
    expect(bench.sqs.causes).toMatchObject([{ errorCode: "OBJECT_NOT_FOUND" }]);
  });

  it("writes nothing once its claims may have been taken over", async () => {
    const a = land("a");
    s3.after = (command, key) => {
      if (command === "PutObject" && key.startsWith("_claims/")) bench.nowMs += 7_000;
    };
    expect(failedIds(await bench.run(a.message))).toEqual([a.message.messageId]);
    expect(bench.outputs()).toEqual([]);
  });

  it("waits while another invocation may still be writing", async () => {
    const a = land("a");
    await bench.crash({ step: "before", command: "PutObject", prefix: "dataset=" }, a.message);
    expect(failedIds(await bench.run(a.message))).toEqual([a.message.messageId]);
    expect(bench.outputs()).toEqual([]);
  });
});

describe("a corrected object", () => {
  it("makes the replay of the dead letter end as rejected, not in the DLQ again", async () => {
    const bad = land("t1", "{");
    await bench.run(bad.message);
    const [letter] = bench.sqs.sent.splice(0);
    bench.nowMs += 60_000;
    const good = land("t1");
    const replayed = created(bad.key, bad.version, {
      attributes: {
        "edp-cause": {
          dataType: "String",
          stringValue: letter?.MessageAttributes["edp-cause"]?.StringValue ?? "",
        },
      },
    });
    expect((await bench.run(replayed)).batchItemFailures).toEqual([]);
    expect(bench.sqs.sent).toEqual([]);
    expect(bench.outcome).toMatchObject({ rejected: 1 });
    await bench.run(good.message, replayed);
    expect(await query("select _source_version as version from FILE")).toEqual([{ version: good.version }]);
  });

  it("ends a first delivery as rejected once the newer version is claimed, else in the DLQ", async () => {
    const bad = land("t1", "{");
    bench.nowMs += 60_000;
    const good = land("t1");
    await bench.run(bad.message);
    expect(bench.sqs.causes).toMatchObject([{ errorCode: "TRUNCATED_JSON" }]);
    await bench.run(good.message);
    await bench.run(bad.message);
    expect(bench.sqs.sent).toHaveLength(1);
    expect(bench.outcome).toMatchObject({ rejected: 1 });
  });

  it("is not an older version that came back when the newest was deleted", async () => {
    await bench.run(land("t1").message);
    bench.nowMs += 60_000;
    const key = "raw/tracks/t1.json";
    const newest = s3.put(BRONZE, key, "{}");
    s3.remove(BRONZE, key, newest);
    await bench.run(created(key, newest, { time: new Date(bench.nowMs).toISOString() }));
    expect(bench.sqs.causes).toMatchObject([{ errorCode: "OBJECT_NOT_FOUND" }]);
  });
});
