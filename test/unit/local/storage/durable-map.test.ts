import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DurableMap } from "../../../../src/local/storage/durable-map.ts";
import { temporaryDirectory } from "../../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let file: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  file = path.join(directory.path, "map.log");
});

afterEach(() => directory.remove());

describe("a durable map", () => {
  it("has after a crash what was set and not deleted", async () => {
    const map = await DurableMap.open<number>(file);
    await map.set("a", 1);
    await map.set("b", 2);
    await map.set("a", 3);
    await map.delete("b");
    const again = await DurableMap.open<number>(file);
    expect(again.values()).toEqual([3]);
    await map.close();
    await again.close();
  });

  it("lets changes made at once build on each other", async () => {
    const map = await DurableMap.open<number[]>(file);
    await Promise.all([1, 2, 3].map((n) => map.set("list", [...(map.get("list") ?? []), n])));
    expect(map.get("list")).toEqual([1, 2, 3]);
    await map.close();
  });

  it("stays small on disk however often a key is set, and loses none", async () => {
    const map = await DurableMap.open<number>(file);
    for (let n = 0; n < 3_000; n++) await Promise.all([map.set("x", n), map.set(`k${n % 7}`, n)]);
    expect((await readFile(file, "utf8")).split("\n").length).toBeLessThan(600);
    const again = await DurableMap.open<number>(file);
    expect(again.get("x")).toBe(2_999);
    expect(again.values()).toHaveLength(8);
    await map.close();
    await again.close();
  });

  it("has a change that was stored, though its file could not be shortened after it", async () => {
    const map = await DurableMap.open<number>(file);
    // Where the shortened file would be written lies a folder.
    await mkdir(`${file}.compact`);
    for (let n = 0; n < 600; n++) await map.set("x", n);
    expect(map.get("x")).toBe(599);
    await map.close();
  });
});
