import { chmod, mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { environmentPaths } from "../../../src/terraform/paths.ts";
import {
  initFingerprint,
  isInitialised,
  recordInit,
  type WorkspaceContent,
  writeWorkspace,
} from "../../../src/terraform/workspace.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let content: WorkspaceContent;

beforeEach(async () => {
  directory = await temporaryDirectory();
  const source = path.join(directory.path, "package");
  await mkdir(path.join(source, "modules", "queue", "tests"), { recursive: true });
  await mkdir(path.join(source, "tests"), { recursive: true });
  for (const file of [
    "main.tf",
    "modules/queue/main.tf",
    "modules/queue/README.md",
    "modules/queue/tests/a.tftest.hcl",
    "tests/b.tftest.hcl",
    "spotify.json",
    "spotify-f.zip",
  ]) {
    await writeFile(path.join(source, file), file);
  }
  content = {
    hcl: source,
    pipelines: [path.join(source, "spotify.json")],
    zips: [path.join(source, "spotify-f.zip")],
    variables: { env: "prod" },
    backend: { terraform: {} },
  };
});
afterEach(() => directory.remove());

const paths = () => environmentPaths(directory.path, "prod");
const files = async (root: string) =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();

describe("the working copy", () => {
  it("holds the HCL without its tests, the pipeline files, the zips and the variables", async () => {
    await writeWorkspace(paths(), content);
    expect(await files(paths().work)).toEqual([
      "backend.tf.json",
      "edp.auto.tfvars.json",
      "functions/spotify-f.zip",
      "main.tf",
      "modules/queue/main.tf",
      "pipelines/spotify.json",
    ]);
  });

  it("is for its owner alone", async () => {
    await writeWorkspace(paths(), content);
    const mode = async (file: string) => (await stat(file)).mode & 0o777;
    expect(await mode(paths().root)).toBe(0o700);
    expect(await mode(path.join(paths().work, "edp.auto.tfvars.json"))).toBe(0o600);
  });

  it("writes nothing when nothing has changed", async () => {
    await writeWorkspace(paths(), content);
    const before = await Promise.all(
      (await files(paths().work)).map(async (file) => (await stat(path.join(paths().work, file))).mtimeMs),
    );
    // A file system may count time coarsely; a write would fail on files that may not be written.
    for (const file of await files(paths().work)) await chmod(path.join(paths().work, file), 0o400);
    await writeWorkspace(paths(), content);
    const after = await Promise.all(
      (await files(paths().work)).map(async (file) => (await stat(path.join(paths().work, file))).mtimeMs),
    );
    expect(after).toEqual(before);
    expect((await stat(path.join(paths().work, "main.tf"))).mode & 0o777).toBe(0o400);
  });

  it("drops what is no longer there, and keeps what is Terraform's", async () => {
    await writeWorkspace(paths(), content);
    for (const kept of [".terraform.lock.hcl", "errored.tfstate"])
      await writeFile(path.join(paths().work, kept), "");
    await mkdir(path.join(paths().work, ".terraform"));
    await writeWorkspace(paths(), { ...content, pipelines: [], zips: [] });
    expect((await readdir(paths().work)).sort()).toEqual([
      ".terraform",
      ".terraform.lock.hcl",
      "backend.tf.json",
      "edp.auto.tfvars.json",
      "errored.tfstate",
      "main.tf",
      "modules",
    ]);
  });

  it("asks for another init only when HCL, backend or program are another, also after a move", async () => {
    const program = ["/usr/bin/terraform", "1.11.4"];
    await writeWorkspace(paths(), content);
    await mkdir(path.join(paths().work, ".terraform"));
    await recordInit(paths(), await initFingerprint(paths(), program));
    expect(await isInitialised(paths(), await initFingerprint(paths(), program))).toBe(true);
    expect(await isInitialised(paths(), await initFingerprint(paths(), ["/usr/bin/tofu", "1.10.0"]))).toBe(
      false,
    );

    const moved = path.join(directory.path, "moved");
    await mkdir(moved);
    await rename(path.join(directory.path, ".edp"), path.join(moved, ".edp"));
    const there = environmentPaths(moved, "prod");
    expect(await isInitialised(there, await initFingerprint(there, program))).toBe(true);
    await writeWorkspace(there, { ...content, variables: { env: "prod", more: 1 } });
    expect(await isInitialised(there, await initFingerprint(there, program))).toBe(true);
    await writeWorkspace(there, { ...content, backend: { terraform: { backend: {} } } });
    expect(await isInitialised(there, await initFingerprint(there, program))).toBe(false);
    expect(await readFile(path.join(there.work, "main.tf"), "utf8")).toBe("main.tf");
  });
});

describe("the name of an environment", () => {
  it.each(["../x", "a/b", "Prod", "", "local", "x".repeat(21)])("is not %j", (env) => {
    expect(() => environmentPaths("/home", env)).toThrow(/not the name of an environment/);
  });
});
