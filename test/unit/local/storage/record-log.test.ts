import { open, readdir, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RecordLog, type RecordLogOptions } from "../../../../src/local/storage/record-log.ts";
import { openSegmentFile } from "../../../../src/local/storage/record-segment.ts";
import { temporaryDirectory } from "../../../support/services.ts";

const ALL = { maxRecords: 1_000_000, maxBytes: Number.POSITIVE_INFINITY };

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let now = 1_000;
let log: RecordLog;
const start = async (options: Partial<RecordLogOptions> = {}) => {
  log = await RecordLog.open(directory.path, { now: () => now, ...options });
};
const put = (...texts: string[]) =>
  log.append(texts.map((text) => ({ key: `key of ${text}`, data: Buffer.from(text) })));
const texts = async (from: number, limits: Partial<typeof ALL> = {}) =>
  (await log.read(from, { ...ALL, ...limits })).map(({ data }) => data.toString());
const files = async () => (await readdir(directory.path)).sort();

beforeEach(async () => {
  directory = await temporaryDirectory();
  now = 1_000;
  await start();
});
afterEach(async () => {
  await log.close();
  await directory.remove();
});

describe("a record log", () => {
  it("gives back what was appended, bytes and keys and times, also after a restart", async () => {
    await put("a", "ä\n\0");
    now = 2_000;
    await log.append([{ key: "größer", data: Buffer.from([0, 255, 10]) }]);
    const before = await log.read(0, ALL);
    expect(before.map(({ ordinal, arrivedAt, key }) => [ordinal, arrivedAt, key])).toEqual([
      [0, 1_000, "key of a"],
      [1, 1_000, "key of ä\n\0"],
      [2, 2_000, "größer"],
    ]);
    expect(before[2]?.data).toEqual(Buffer.from([0, 255, 10]));
    await log.close();
    await start();
    expect(await log.read(0, ALL)).toEqual(before);
    expect(log.next).toBe(3);
    await put("b");
    expect(await texts(3)).toEqual(["b"]);
  });

  it("reads within its limits, at least one record", async () => {
    await put("aaaa", "bbbb", "cccc");
    expect(await texts(0, { maxRecords: 2 })).toEqual(["aaaa", "bbbb"]);
    expect(await texts(1, { maxBytes: 1 })).toEqual(["bbbb"]);
    expect(await texts(3)).toEqual([]);
  });

  it("finds records by ordinal and by time over many files, and drops old files whole", async () => {
    await log.close();
    await start({ segmentBytes: 300_000 });
    const data = Buffer.alloc(1_000, "x");
    for (let at = 0; at < 1_000; at++) {
      now = 10_000 + at;
      await log.append([{ key: String(at), data }]);
    }
    expect((await files()).length).toBe(4);
    for (const at of [0, 1, 63, 292, 293, 640, 999]) {
      expect((await log.read(at, { maxRecords: 1, maxBytes: 1 }))[0]?.key).toBe(String(at));
      expect(await log.ordinalAt(10_000 + at)).toBe(at);
    }
    expect(await log.ordinalAt(99_999)).toBe(1_000);
    expect(await log.bytesFrom(0)).toBeGreaterThan(1_000_000);
    expect(await log.bytesFrom(999)).toBeLessThan(150_000);
    expect(await log.bytesFrom(1_000)).toBe(0);
    await log.close();
    await start();
    expect(await log.ordinalAt(10_300)).toBe(300);
    await log.dropBefore(700);
    expect((await files()).length).toBe(2);
    expect((await log.read(0, ALL))[0]?.ordinal).toBe(log.first);
    expect(log.first).toBeGreaterThan(500);
    await log.dropBefore(5_000);
    expect((await files()).length).toBe(1);
  });

  it("drops a torn tail, whatever its length, and goes on with the same ordinal", async () => {
    await put("kept");
    const [file = ""] = await files();
    const whole = (await stat(path.join(directory.path, file))).size;
    await put("torn");
    const all = (await stat(path.join(directory.path, file))).size;
    for (let length = all - 1; length > whole; length -= 7) {
      await log.close();
      await truncate(path.join(directory.path, file), length);
      await start();
      expect(await texts(0)).toEqual(["kept"]);
      expect(log.next).toBe(1);
      await put("torn");
    }
    expect(await texts(0)).toEqual(["kept", "torn"]);
  });

  it.each([
    ["length", 2],
    ["data", 40],
  ])("does not take a damaged %s for a torn tail", async (_what, at) => {
    await put("one", "two", "three");
    await log.close();
    const file = path.join(directory.path, (await files())[0] ?? "");
    const handle = await open(file, "r+");
    await handle.write(Buffer.from([0x7f]), 0, 1, at);
    await handle.close();
    await expect(start()).rejects.toThrow(/damaged record at byte 0.*edp destroy/);
  });

  it("holds records larger than what it reads at a time", async () => {
    const data = Buffer.alloc(1_500_000, "y");
    await log.append([
      { key: "large", data },
      { key: "small", data: Buffer.from("z") },
    ]);
    await log.close();
    await start();
    expect((await log.read(0, ALL)).map(({ data }) => data.length)).toEqual([1_500_000, 1]);
  });

  it("keeps nothing of a write that failed, and takes the next one", async () => {
    await log.close();
    let full = false;
    await start({
      openFile: async (file, flags) => {
        const handle = await openSegmentFile(file, flags);
        const write = handle.write.bind(handle) as typeof handle.write;
        handle.write = (async (bytes: Buffer, ...rest: number[]) => {
          if (!full) return write(bytes, ...rest);
          await write(bytes.subarray(0, 5), 0, 5, rest[2]);
          throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
        }) as typeof handle.write;
        return handle;
      },
    });
    await put("before");
    full = true;
    await expect(put("lost")).rejects.toThrow("no space");
    full = false;
    await put("after");
    expect(await texts(0)).toEqual(["before", "after"]);
    await log.close();
    await start();
    expect(await texts(0)).toEqual(["before", "after"]);
  });
});
