import { appendFile, mkdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRunId, Manifest, manifestPath, readManifest } from "../../../src/ingest/manifest.ts";
import { collect } from "../../support/entities.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

const startedAt = "2026-11-21T03:15:02.000Z";
const header = { runId: "r", kind: "objects", pipeline: "spotify", startedAt, bucket: "bronze" } as const;
const entry = (n: number) => ({ key: `raw/tracks/${n}.json`, sha256: "0", bytes: n, versionId: `v${n}` });
const totals = { finishedAt: "", accepted: 2, skipped: 0, failed: 0, bytes: 3, interrupted: false };
const file = () => manifestPath(directory.path, "local", "r");

describe("a run id", () => {
  it("sorts by time", () => {
    expect(createRunId(Date.UTC(2026, 10, 21, 3, 15, 2))).toMatch(/^20261121T031502Z-[0-9a-f]{6}$/);
  });
});

describe("a manifest", () => {
  it("holds header, objects and totals, for its owner only", async () => {
    const manifest = await Manifest.create(file(), header);
    await Promise.all([manifest.add(entry(1)), manifest.add(entry(2))]);
    await manifest.close(totals);
    const lines = (await readFile(file(), "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([header, entry(1), entry(2), totals]);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it("has each object on the disk when `add` resolves", async () => {
    const manifest = await Manifest.create(file(), header);
    await manifest.add(entry(1));
    expect(await readFile(file(), "utf8")).toContain("raw/tracks/1.json");
    await manifest.close(totals);
  });

  it("of a killed run is read up to the half-written line", async () => {
    const manifest = await Manifest.create(file(), header);
    await manifest.add(entry(1));
    await appendFile(file(), '{"key":"raw/tra');
    const read = await readManifest(file());
    expect(read.header).toEqual(header);
    expect(await collect(read.entries)).toEqual([entry(1)]);
    await manifest.close(totals);
  });

  it("of before there were kinds is of objects", async () => {
    const { kind: _kind, ...old } = header;
    await mkdir(path.dirname(file()), { recursive: true });
    await appendFile(file(), `${JSON.stringify(old)}\n${JSON.stringify(entry(1))}\n`);
    const read = await readManifest(file());
    expect(read.header.kind).toBe("objects");
    expect(await collect(read.entries)).toEqual([entry(1)]);
  });

  it("that cannot be written names file and way out", async () => {
    await appendFile(`${directory.path}/.edp`, "a file where the directory should be");
    await expect(Manifest.create(file(), header)).rejects.toMatchObject({
      exitCode: 3,
      code: "MANIFEST_NOT_WRITABLE",
      message: expect.stringContaining(file()),
    });
  });

  it("that is not there is an input error", async () => {
    await expect(readManifest(file())).rejects.toMatchObject({ exitCode: 3 });
  });
});
