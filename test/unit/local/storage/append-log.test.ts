import { appendFile, open, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AppendLog, type LogHandle, type OpenLog } from "../../../../src/local/storage/append-log.ts";
import { temporaryDirectory } from "../../../support/services.ts";

interface Entry {
  n: number;
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let file: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  file = path.join(directory.path, "queue", "messages.log");
});
afterEach(() => directory.remove());

async function read(openLog?: OpenLog): Promise<{ log: AppendLog<Entry>; seen: number[] }> {
  const seen: number[] = [];
  const log = await AppendLog.open<Entry>(file, (entry) => seen.push(entry.n), openLog);
  return { log, seen };
}

async function reread(): Promise<number[]> {
  const { log, seen } = await read();
  await log.close();
  return seen;
}

/** Opens the log with handles whose calls the test may replace. */
function failing(broken: Partial<LogHandle>): OpenLog {
  return async (name) => {
    const handle = await open(name, "a+", 0o600);
    return {
      read: handle.read.bind(handle),
      write: handle.write.bind(handle),
      truncate: handle.truncate.bind(handle),
      close: handle.close.bind(handle),
      ...broken,
    };
  };
}

const diskFull = () => Object.assign(new Error("no space left on device"), { code: "ENOSPC" });

describe("an append-only log", () => {
  it("gives back what was appended, in order, after a restart", async () => {
    const { log } = await read();
    await Promise.all([log.append({ n: 1 }), log.append({ n: 2 }, { n: 3 })]);
    expect(log.records).toBe(3);
    await log.close();
    expect(await reread()).toEqual([1, 2, 3]);
  });

  it("reads records that are larger than one read and cross its boundary", async () => {
    const { log } = await read();
    const wide = { n: 1, text: "é".repeat(1_500_000) };
    await log.append(wide, { n: 2 }, { n: 3 });
    await log.close();
    expect(await reread()).toEqual([1, 2, 3]);
  });

  it("has written the record when append resolves, so that a killed process loses nothing", async () => {
    const { log } = await read();
    await log.append({ n: 7 });
    expect(await readFile(file, "utf8")).toMatch(/^[0-9a-f]{8} \{"n":7\}\n$/);
    await log.close();
  });

  it.each([
    ["without its line end", "0000"],
    ["cut in the middle", '12345678 {"n":'],
    ["with a wrong checksum and a line end", '00000000 {"n":9}\n'],
  ])("drops a last record %s and goes on after the intact ones", async (_case, tail) => {
    const { log } = await read();
    await log.append({ n: 1 });
    await log.close();
    await appendFile(file, tail);
    const again = await read();
    expect(again.seen).toEqual([1]);
    await again.log.append({ n: 2 });
    await again.log.close();
    expect(await reread()).toEqual([1, 2]);
  });

  it("refuses a log that is damaged before its end, naming file and byte", async () => {
    const { log } = await read();
    await log.append({ n: 1 });
    await log.append({ n: 2 });
    await log.append({ n: 3 });
    await log.close();
    const content = await readFile(file, "utf8");
    await writeFile(file, content.replace('"n":2', '"n":8'));
    await expect(read()).rejects.toThrow(/messages\.log: damaged record at byte 17, not at the end/);
  });

  it("leaves nothing of a failed write behind and takes later records", async () => {
    let full = false;
    const openLog: OpenLog = async (name) => {
      const real = await open(name, "a+", 0o600);
      const write = async (bytes: Buffer, offset: number) => {
        if (!full) return real.write(bytes, offset);
        await real.write(bytes, offset, 5);
        throw diskFull();
      };
      return {
        read: real.read.bind(real),
        truncate: real.truncate.bind(real),
        close: real.close.bind(real),
        write: write as LogHandle["write"],
      };
    };
    const { log } = await read(openLog);
    await log.append({ n: 1 });
    full = true;
    await expect(log.append({ n: 2 })).rejects.toMatchObject({ code: "ENOSPC" });
    expect(log.records).toBe(1);
    full = false;
    await log.append({ n: 3 });
    await log.close();
    expect(await reread()).toEqual([1, 3]);
  });

  it("refuses every later record when a failed write cannot be taken back", async () => {
    const { log } = await read(
      failing({
        write: () => Promise.reject(diskFull()),
        truncate: () => Promise.reject(new Error("input/output error")),
      }),
    );
    await expect(log.append({ n: 1 })).rejects.toMatchObject({ code: "ENOSPC" });
    await expect(log.append({ n: 2 })).rejects.toThrow(/could not be undone/);
    await log.close();
  });
});

describe("compaction of a log", () => {
  it("keeps what is live and every append made meanwhile", async () => {
    const { log } = await read();
    for (let n = 0; n < 20; n++) await log.append({ n });
    const compacted = log.compact(() => [{ n: 100 }]);
    const appended = log.append({ n: 101 }, { n: 102 });
    await Promise.all([compacted, appended]);
    expect(log.records).toBe(3);
    await log.close();
    expect(await reread()).toEqual([100, 101, 102]);
  });

  it("sees the records whose append had resolved just before it began", async () => {
    const { log } = await read();
    const live: Entry[] = [];
    const put = async (n: number) => {
      await log.append({ n });
      await Promise.resolve();
      live.push({ n });
    };
    const puts = [put(1), put(2)];
    await Promise.all([...puts, log.compact(() => live)]);
    await log.close();
    expect(await reread()).toEqual([1, 2]);
  });

  it("keeps the old log in use when the new one cannot be written", async () => {
    let opened = 0;
    const openLog: OpenLog = (name) =>
      failing(++opened > 1 ? { write: () => Promise.reject(diskFull()) } : {})(name);
    const { log } = await read(openLog);
    await log.append({ n: 1 });
    await expect(log.compact(() => [{ n: 1 }])).rejects.toMatchObject({ code: "ENOSPC" });
    await log.append({ n: 2 });
    await log.close();
    expect(await readdir(path.dirname(file))).toEqual(["messages.log"]);
    expect(await reread()).toEqual([1, 2]);
  });
});
