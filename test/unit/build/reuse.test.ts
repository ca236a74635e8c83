import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildFunctions } from "../../../src/build/build.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
  for (const name of ["clean", "count"]) {
    await write(
      `src/lambda/music/${name}/handler.ts`,
      'import greet from "greet";\nimport { word } from "../../shared/word.ts";\nexport const handler = async () => greet(word);\n',
    );
  }
  await write("src/lambda/shared/word.ts", "export const word: string = 'hello';\n");
  await install("1.0.0", "module.exports = (word) => word;\n");
});
afterEach(() => directory.remove());

const at = (...names: string[]) => path.join(directory.path, "package", ...names);
const build = (outDir: string, reuse: boolean) => buildFunctions({ root: at(), outDir: at(outDir), reuse });
const hashes = async (building: ReturnType<typeof build>) => (await building).map(({ sha256 }) => sha256);
const BROKEN = "this is no module\n";

async function write(file: string, content: string): Promise<void> {
  await mkdir(path.dirname(at(file)), { recursive: true });
  await writeFile(at(file), content);
}

async function install(version: string, content: string): Promise<void> {
  await write("node_modules/greet/package.json", JSON.stringify({ name: "greet", version }));
  await write("node_modules/greet/index.js", content);
}

describe("zips that were made before", () => {
  it("are taken without bundling again while sources and versions are what they were", async () => {
    const first = await hashes(build("out", true));
    expect(await hashes(build("fresh", false))).toEqual(first);
    expect(await readdir(at("fresh"))).toEqual(["music-clean.zip", "music-count.zip"]);
    // Bundling would fail of it.
    await install("1.0.0", BROKEN);
    expect(await hashes(build("out", true))).toEqual(first);
    await expect(build("out", false)).rejects.toMatchObject({ code: "BUILD_FAILED" });
  });

  it("are made again where a source has changed, and only those of what imports it", async () => {
    const [clean, count] = await hashes(build("out", true));
    await write("src/lambda/music/count/handler.ts", "export const handler = async () => 1;\n");
    const changed = await hashes(build("out", true));
    expect(changed[0]).toBe(clean);
    expect(changed[1]).not.toBe(count);
    expect(changed).toEqual(await hashes(build("fresh", false)));
    await write("src/lambda/shared/word.ts", "export const word: string = 'goodbye';\n");
    expect((await hashes(build("out", true)))[0]).not.toBe(clean);
  });

  it("are made again where a dependency has another version, or is gone", async () => {
    await build("out", true);
    await install("1.0.1", BROKEN);
    await expect(build("out", true)).rejects.toMatchObject({
      code: "BUILD_FAILED",
      message: expect.stringContaining("music/clean"),
    });
    await write("node_modules/greet/package.json", BROKEN);
    await expect(build("out", true)).rejects.toMatchObject({ code: "BUILD_FAILED" });
  });

  it("are taken from those that came with edp, whose place is left alone", async () => {
    const shipped = await hashes(build("dist/lambda", true));
    const before = await readdir(at("dist/lambda"));
    await install("1.0.0", BROKEN);
    expect(await hashes(build("out", true))).toEqual(shipped);
    expect(await readdir(at("out"))).toEqual(["music-clean.zip", "music-count.zip"]);
    await install("1.0.1", "module.exports = () => 2;\n");
    expect(await hashes(build("out", true))).not.toEqual(shipped);
    expect(await readdir(at("dist/lambda"))).toEqual(before);
  });

  it("are made again where zip and record are not of one another", async () => {
    const [clean] = await hashes(build("out", true));
    const other = await readFile(at("out", "music-count.zip"));
    await writeFile(at("out", "music-clean.zip"), Buffer.concat([other, Buffer.from("x")]));
    expect((await hashes(build("out", true)))[0]).toBe(clean);
    await writeFile(at("out", "music-clean.inputs.json"), "{");
    expect((await hashes(build("out", true)))[0]).toBe(clean);
  });
});
