import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SentIndex } from "../../../src/ingest/sent-index.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let faults: Error[];
beforeEach(async () => {
  faults = [];
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

const file = () => path.join(directory.path, "ingest", "index.ndjson");
const open = (name = file()) => SentIndex.open(name, (error) => faults.push(error));
const sent = (digit: string, full = true) => ({ sha256: digit.repeat(64), full, etag: `etag-${digit}` });

describe("the index of sent objects", () => {
  it("remembers the newest of each key over runs", async () => {
    const first = await open();
    first.add("a", sent("1", false));
    first.add("a", sent("2"));
    await first.close();
    const second = await open();
    expect(second.get("a")).toEqual(sent("2"));
    expect(second.get("b")).toBeUndefined();
    await second.close();
  });

  it("holds the lines of two runs at once", async () => {
    const [one, two] = [await open(), await open()];
    for (let n = 0; n < 500; n++) {
      one.add(`one${n}`, sent("1"));
      two.add(`two${n}`, sent("2"));
    }
    await Promise.all([one.close(), two.close()]);
    expect((await open()).size).toBe(1_000);
  });

  it("loses no more than the torn line after a crash", async () => {
    const first = await open();
    first.add("a", sent("1"));
    await first.close();
    await appendFile(file(), '{"key":"b","sha');
    const second = await open();
    second.add("c", sent("3"));
    await second.close();
    const third = await open();
    expect([third.has("a"), third.has("b"), third.has("c")]).toEqual([true, false, true]);
  });

  it("is written anew when most of its lines are out of date", async () => {
    const first = await open();
    for (let n = 0; n < 2_000; n++) first.add("a", sent("1"));
    await first.close();
    await (await open()).close();
    expect((await readFile(file(), "utf8")).trimEnd().split("\n")).toHaveLength(1);
  });

  it("that cannot be written is reported once and does not stop the run", async () => {
    const blocked = path.join(directory.path, "blocked");
    await writeFile(blocked, "a file where a directory should be");
    const index = await open(path.join(blocked, "index.ndjson"));
    for (let n = 0; n < 1_000; n++) index.add(`k${n}`, sent("1"));
    await index.close();
    expect(faults.map((error) => (error as NodeJS.ErrnoException).code)).toEqual(["ENOTDIR"]);
  });
});
