import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PIPELINES_DIRECTORY } from "../../../src/package-root.ts";
import { loadPipelines } from "../../../src/topology/load.ts";
import { KINDS } from "../../../src/topology/types.ts";
import { temporaryDirectory } from "../../support/services.ts";
import { FIXTURES, validFixtures } from "../../support/topology-fixtures.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

async function write(name: string, content: Record<string, unknown> | string): Promise<string> {
  const file = path.join(directory.path, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return path.dirname(file);
}

const EMPTY = Object.fromEntries(KINDS.map((kind) => [kind, {}]));
const pipeline = (name: string) => ({ $schema: "", name, description: "d", unit: "row", ...EMPTY });

describe("loading pipelines", () => {
  it("takes what ships with edp", async () => {
    expect((await loadPipelines([PIPELINES_DIRECTORY])).map(({ name }) => name)).toContain("spotify");
  });

  it("takes all directories, sorted by name, and leaves other files alone", async () => {
    const one = await write("one/b.json", pipeline("b"));
    await write("one/README.md", "not a pipeline");
    const two = await write("two/a.json", pipeline("a"));
    expect((await loadPipelines([one, two])).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("lists the faults of all files in one error", async () => {
    const one = await write("a.json", pipeline("other"));
    await write("b.json", { ...pipeline("b"), unit: "rows", more: 1 });
    await expect(loadPipelines([one])).rejects.toThrow(
      /^3 faults in 2 pipeline files:\n.*a\.json:1 name: .*\n.*b\.json:1 more: .*\n.*b\.json:1 unit: .*$/,
    );
  });

  it("refuses one name in two directories", async () => {
    const one = await write("one/a.json", pipeline("a"));
    const two = await write("two/a.json", pipeline("a"));
    await expect(loadPipelines([one, two])).rejects.toThrow(
      `${two}/a.json:1 name: a is also declared in ${one}/a.json: pipeline names must differ`,
    );
  });

  it("refuses two pipelines whose things would have one physical name", async () => {
    await expect(loadPipelines([path.join(FIXTURES, "together", "same-names")])).rejects.toThrow(
      /a\.json:\d+ queues\.b-c: would have the same physical name as one of the pipeline a-b: rename either/,
    );
  });

  it("refuses a function whose role would be called like that of a delivery", async () => {
    const every = validFixtures().find(({ name }) => name === "every-kind")?.text ?? "";
    const [load, ...rest] = every.split('"load": {');
    const directory = await write("every-kind.json", [load, ...rest].join('"events-delivery": {'));
    await expect(loadPipelines([directory])).rejects.toThrow(
      /deliveries\.events: would have the same physical name as one of the pipeline every-kind/,
    );
  });

  it("says which directory or file can't be read", async () => {
    await expect(loadPipelines([path.join(directory.path, "none")])).rejects.toThrow(
      /directory .*none cannot be read/,
    );
    await writeFile(path.join(directory.path, "a.json"), Buffer.from([0x7b, 0xff, 0x7d]));
    await expect(loadPipelines([directory.path])).rejects.toThrow(/a\.json cannot be read/);
  });
});
