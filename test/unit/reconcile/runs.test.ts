import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findRun, listRuns } from "../../../src/reconcile/runs.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

async function record(...runIds: string[]): Promise<void> {
  const folder = path.join(directory.path, ".edp", "local", "runs");
  await mkdir(folder, { recursive: true });
  for (const runId of runIds) await writeFile(path.join(folder, `${runId}.ndjson`), "");
}
const find = (wanted?: string) => findRun(directory.path, "local", wanted);

it("the newest run is meant where none is named", async () => {
  await record("20261121T030000Z-bbbbbb", "20261120T030000Z-aaaaaa");
  expect(await find()).toBe("20261121T030000Z-bbbbbb");
  expect(await listRuns(directory.path, "local")).toEqual([
    "20261120T030000Z-aaaaaa",
    "20261121T030000Z-bbbbbb",
  ]);
});

it("the beginning of an id is enough where only one fits", async () => {
  await record("20261120T030000Z-aaaaaa", "20261121T030000Z-bbbbbb", "20261121T040000Z-cccccc");
  expect(await find("20261120")).toBe("20261120T030000Z-aaaaaa");
  await expect(find("20261121")).rejects.toThrow("2 runs of local begin with 20261121");
  await expect(find("2020")).rejects.toMatchObject({
    exitCode: 2,
    message: "No run of local has the id 2020.",
  });
});

it("without any run it says what makes one", async () => {
  await expect(find()).rejects.toMatchObject({ code: "NO_RUN", exitCode: 3 });
  await expect(find("x")).rejects.toMatchObject({ code: "NO_RUN" });
});
