import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RejectedInput } from "../../../../src/ingest/source.ts";
import { openRecorded } from "../../../../src/ingest/spotify/recorded.ts";
import { collect } from "../../../support/entities.ts";
import { temporaryDirectory } from "../../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

const artist = (id: string) => JSON.stringify({ id, type: "artist", name: id, genres: [] });

async function write(files: Record<string, string | Buffer>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory.path, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

async function read(name = ".") {
  const rejected: RejectedInput[] = [];
  const source = await openRecorded(path.join(directory.path, name));
  const entities = await collect(source.entities((input) => rejected.push(input)));
  return {
    ids: entities.map((one) => one.id),
    full: entities.map((one) => one.full),
    rejected: rejected.map(({ file, ...rest }) => ({ ...rest, file: path.relative(directory.path, file) })),
  };
}

describe("recorded responses", () => {
  it("are read from a directory in the order of their paths", async () => {
    await write({
      "b.json": artist("b"),
      "a/z.json": artist("z"),
      "a/y.ndjson": `${artist("y1")}\n${artist("y2")}\n`,
    });
    expect(await read()).toMatchObject({ ids: ["y1", "y2", "z", "b"], rejected: [] });
  });

  it("are read from one file, JSON or NDJSON, with a byte order mark and CRLF", async () => {
    await write({ "a.json": `\ufeff${artist("a")}`, "b.jsonl": `${artist("b")}\r\n\r\n${artist("c")}` });
    expect((await read("a.json")).ids).toEqual(["a"]);
    expect((await read("b.jsonl")).ids).toEqual(["b", "c"]);
  });

  it("are read as lines where a .json file is NDJSON", async () => {
    await write({ "a.json": `${artist("a")}\n${artist("b")}\n` });
    expect((await read()).ids).toEqual(["a", "b"]);
  });

  it("pass over other files and names that begin with a dot", async () => {
    await write({
      "a.json": artist("a"),
      "notes.txt": "x",
      ".edp/local/runs/r.ndjson": "{}",
      ".b.json": artist("b"),
    });
    expect(await read()).toMatchObject({ ids: ["a"], rejected: [] });
  });

  it("that are broken are reported with the place, and the others go on", async () => {
    await write({
      "cut.json": '{"type":"artist",\n"id"',
      "empty.json": "",
      "good.json": artist("good"),
      "latin1.json": Buffer.from([0x7b, 0xe9, 0x7d]),
      "lines.ndjson": `${artist("one")}\n{"type":\n${artist("two")}\n`,
    });
    const { ids, rejected } = await read();
    expect(ids).toEqual(["good", "one", "two"]);
    expect(rejected).toEqual([
      { file: "cut.json", reason: "is not JSON at line 2 column 5: it ends too early", status: "failed" },
      { file: "empty.json", reason: "is empty", status: "failed" },
      { file: "latin1.json", reason: "is not valid UTF-8", status: "failed" },
      {
        file: "lines.ndjson:2",
        reason: "is not JSON at line 2 column 9: it ends too early",
        status: "failed",
      },
    ]);
  });

  it("that are API errors are skipped with status and message", async () => {
    await write({ "e.json": JSON.stringify({ error: { status: 400, message: "Invalid limit" } }) });
    expect((await read()).rejected).toEqual([
      { file: "e.json", reason: "API error 400: Invalid limit", status: "skipped" },
    ]);
  });

  it("nested too deeply are refused, not a crash", async () => {
    await write({ "deep.json": `${"[".repeat(200_000)}${"]".repeat(200_000)}` });
    expect((await read()).rejected).toMatchObject([{ reason: "is nested too deeply", status: "failed" }]);
  });

  it("cannot be read from a path that is not there, or a directory without JSON", async () => {
    await expect(read("nowhere")).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("nowhere"),
    });
    await write({ "docs/readme.txt": "x" });
    await expect(read("docs")).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(".json"),
    });
  });
});
