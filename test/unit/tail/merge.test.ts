import { describe, expect, it } from "vitest";
import { mergeByTime } from "../../../src/tail/merge.ts";

async function* pagesOf(...pages: number[][]): AsyncGenerator<number[]> {
  yield* pages;
}

async function merged(...sources: AsyncIterable<number[]>[]): Promise<number[]> {
  const items: number[] = [];
  for await (const item of mergeByTime(sources, (time) => time)) items.push(item);
  return items;
}

describe("merging by time", () => {
  it("puts the events of every source in order, over the borders of pages", async () => {
    expect(await merged(pagesOf([1, 4], [9]), pagesOf([2, 3, 5, 8]), pagesOf([6, 7]))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it("does not take an empty page for the end", async () => {
    expect(await merged(pagesOf([], [3], [], [], [5]), pagesOf([4]), pagesOf())).toEqual([3, 4, 5]);
  });

  it("waits with a line only for sources that may still have an earlier one", async () => {
    const asked: string[] = [];
    const counting = async function* (name: string, ...pages: number[][]) {
      for (const page of pages) {
        asked.push(name);
        yield page;
      }
    };
    const items = mergeByTime([counting("a", [1], [20], [30]), counting("b", [10])], (time) => time);
    await items.next();
    // The first page of each, and the one after it on its way: the third page of a is not needed yet.
    expect(asked.filter((name) => name === "a").length).toBeLessThanOrEqual(2);
    await items.return(undefined);
  });

  it("ends the sources when whoever reads stops", async () => {
    let ended = false;
    const source = async function* () {
      try {
        for (let time = 0; ; time++) yield [time];
      } finally {
        ended = true;
      }
    };
    for await (const item of mergeByTime([source()], (time) => time)) if (item === 3) break;
    expect(ended).toBe(true);
  });

  it("passes on the error of a source after what was certain before", async () => {
    const failing = async function* () {
      yield [1];
      throw new Error("expired");
    };
    const items = mergeByTime([failing(), pagesOf([2])], (time) => time);
    expect((await items.next()).value).toBe(1);
    await expect(items.next()).rejects.toThrow("expired");
  });
});
