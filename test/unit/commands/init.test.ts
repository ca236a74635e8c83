import { lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import init from "../../../src/commands/init.ts";
import type { Context } from "../../../src/context.ts";
import { schemaReference } from "../../../src/init/write.ts";
import { PACKAGE_ROOT } from "../../../src/package-root.ts";
import { testContext } from "../../support/context.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let file: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  file = path.join(directory.path, "edp.config.json");
});
afterEach(() => directory.remove());

const run = (flags: Record<string, unknown> = {}, overrides: Partial<Context> = {}) =>
  init.run(
    init.options([], flags),
    testContext(directory.path, overrides as Parameters<typeof testContext>[1]),
  );
const written = async () => JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;

describe("edp init without a terminal", () => {
  it("writes a file of defaults with its schema", async () => {
    expect(await run()).toMatchObject({ path: file, created: true, updated: false, warnings: [] });
    expect(await written()).toEqual({ $schema: schemaReference(directory.path), project: "edp" });
  });

  it("writes what the flags say", async () => {
    await run({
      project: "acme",
      env: "dev",
      region: "eu-central-1",
      pipelines: "spotify",
      alertEmail: "data@example.com",
      backend: "s3://acme-state/edp",
      endpointUrl: "http://127.0.0.1:4566",
    });
    expect(await written()).toMatchObject({
      project: "acme",
      env: "dev",
      region: "eu-central-1",
      endpointUrl: "http://127.0.0.1:4566",
      pipelines: ["spotify"],
      alertEmail: "data@example.com",
      backend: "s3://acme-state/edp",
    });
  });

  it("edits what is there, keeps the rest, and takes out what is given empty", async () => {
    await run({ project: "acme", alertEmail: "data@example.com", region: "eu-west-1" });
    expect(await run({ region: "eu-central-1", alertEmail: "" })).toMatchObject({
      created: false,
      updated: true,
    });
    expect(await written()).toEqual({
      $schema: schemaReference(directory.path),
      project: "acme",
      region: "eu-central-1",
    });
  });

  it("says that nothing changed, and leaves the file alone", async () => {
    await run({ project: "acme" });
    const before = await lstat(file);
    expect(await run({ project: "acme" })).toMatchObject({ created: false, updated: false });
    expect((await lstat(file)).ino).toBe(before.ino);
  });

  it("does not write what only the shell says", async () => {
    await run({}, { env: "prod", region: "us-east-1", variables: { EDP_ENV: "prod", HOME: directory.path } });
    expect(Object.keys(await written())).toEqual(["$schema", "project"]);
  });

  it("names every wrong flag at once and writes nothing", async () => {
    const wrong = run({ project: "Acme", backend: "ftp://x", pipelines: "spotify,nope", alertEmail: "me" });
    await expect(wrong).rejects.toThrow(/4 answers.*--project.*--alert-email.*--backend.*--pipelines.*nope/s);
    await expect(wrong).rejects.toMatchObject({ exitCode: 2 });
    expect(await readdir(directory.path)).toEqual([]);
  });

  it.each([
    [{ env: "dev" }, /--region/],
    [{ backend: "s3://acme-state" }, /--region/],
    [
      { env: "staging", region: "eu-west-1", project: "averylongprojectname" },
      /averylongprojectname-staging/,
    ],
  ])("refuses %j with exit code 2", async (flags, message) => {
    await expect(run(flags)).rejects.toThrow(message);
    await expect(run(flags)).rejects.toMatchObject({ exitCode: 2 });
  });

  it("warns of a profile and a region that it doesn't know", async () => {
    expect(await run({ profile: "work", region: "eu-centrall-1" })).toMatchObject({
      warnings: [
        expect.stringContaining("no profile work"),
        expect.stringContaining("eu-centrall-1 is not a region that edp knows"),
      ],
    });
    await mkdir(path.join(directory.path, ".aws"));
    await writeFile(path.join(directory.path, ".aws", "config"), "[profile work]\nregion = eu-central-1\n");
    expect(await run({ region: "eu-central-1" })).toMatchObject({ warnings: [] });
  });
});

describe("edp init on a faulty file", () => {
  it.each(['{"project":', '{"project":"A"}', "[]"])("refuses %s without --force", async (text) => {
    await writeFile(file, text);
    await expect(run()).rejects.toMatchObject({ exitCode: 3, hint: expect.stringContaining("--force") });
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it("keeps what is right of it and a copy with --force", async () => {
    const text = '{"project":"A","region":"eu-west-1","regoin":"x"}';
    await writeFile(file, text);
    expect(await run({ force: true })).toMatchObject({ updated: true, backup: `${file}.bak` });
    expect(await written()).toMatchObject({ project: "edp", region: "eu-west-1" });
    expect(await readFile(`${file}.bak`, "utf8")).toBe(text);
  });

  it("says so where the file can't be read", async () => {
    await mkdir(file);
    await expect(run()).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("cannot be read"),
    });
  });
});

describe("writing the file", () => {
  it("follows a link instead of replacing it", async () => {
    const real = path.join(directory.path, "real.json");
    await writeFile(real, "{}");
    await symlink(real, file);
    await run({ project: "acme" });
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(await readFile(real, "utf8")).toContain("acme");
    expect((await readdir(directory.path)).sort()).toEqual(["edp.config.json", "real.json"]);
  });

  it("ends with exit code 3 where the directory can't be written", async () => {
    const gone = testContext(path.join(directory.path, "gone"));
    await expect(init.run(init.options([], {}), gone)).rejects.toMatchObject({
      code: "NOT_WRITABLE",
      exitCode: 3,
    });
  });

  it("refers to the schema relatively inside the project only", () => {
    expect(schemaReference("/p", "/p")).toBe("./edp.config.schema.json");
    expect(schemaReference("/p", "/p/node_modules/@edp-cli/edp")).toBe(
      "./node_modules/@edp-cli/edp/edp.config.schema.json",
    );
    expect(schemaReference("/p/data", PACKAGE_ROOT)).toMatch(/^https:.*edp\.config\.schema\.json$/);
  });
});
