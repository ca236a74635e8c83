import { cp, mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { unzipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildFunctions } from "../../../src/build/build.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

const at = (...names: string[]) => path.join(directory.path, ...names);

async function writeSources(root: string, handler: string): Promise<void> {
  for (const [pipeline, name] of [
    ["music", "clean"],
    ["music", "count"],
    ["orders", "clean"],
  ]) {
    const folder = path.join(root, "src", "lambda", String(pipeline), String(name));
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, "handler.ts"), handler);
  }
  await mkdir(path.join(root, "src", "lambda", "shared"), { recursive: true });
  await writeFile(
    path.join(root, "src", "lambda", "shared", "greeting.ts"),
    "export const greeting: string = 'hello';\n",
  );
}

const HANDLER =
  'import { greeting } from "../../shared/greeting.ts";\nexport const handler = async () => greeting;\n';

describe("building Lambdas", () => {
  it("finds them by their folders and gives each a zip with one module", async () => {
    await writeSources(at("package"), HANDLER);
    const built = await buildFunctions({ root: at("package"), outDir: at("out") });
    expect(built.map(({ pipeline, function: name }) => `${pipeline}/${name}`)).toEqual([
      "music/clean",
      "music/count",
      "orders/clean",
    ]);
    const [first] = built;
    const zip = await readFile(at("out", "music-clean.zip"));
    expect(first).toMatchObject({ path: at("out", "music-clean.zip"), bytes: zip.length });
    const files = unzipSync(zip);
    expect(Object.keys(files)).toEqual(["index.mjs"]);
    await writeFile(at("index.mjs"), files["index.mjs"] ?? "");
    const { handler } = await import(at("index.mjs"));
    expect(await handler()).toBe("hello");
  });

  it("gives the same bytes in any directory, at any time", async () => {
    await writeSources(at("here"), HANDLER);
    await cp(at("here"), at("some", "where", "else"), { recursive: true });
    const old = new Date("2001-01-01");
    await utimes(at("some", "where", "else", "src", "lambda", "music", "clean", "handler.ts"), old, old);
    const [here] = await buildFunctions({ root: at("here"), outDir: at("a") });
    const [there] = await buildFunctions({ root: at("some", "where", "else"), outDir: at("b") });
    expect(there?.sha256).toBe(here?.sha256);
    expect(await readFile(at("b", "music-clean.zip"))).toEqual(await readFile(at("a", "music-clean.zip")));
  });

  it("gives the same bytes where dependencies are installed further up", async () => {
    const dependency = (...root: string[]) => at(...root, "node_modules", "greet");
    const handler = `import greet from "greet";\nexport const handler = async () => greet();\n`;
    for (const [root, installed] of [
      [["alone"], ["alone"]],
      [["workspace", "packages", "edp"], ["workspace"]],
    ] as const) {
      await writeSources(at(...root), handler);
      await mkdir(dependency(...installed), { recursive: true });
      await writeFile(path.join(dependency(...installed), "index.js"), "module.exports = () => 'hello';\n");
    }
    const [alone] = await buildFunctions({ root: at("alone"), outDir: at("a") });
    const [member] = await buildFunctions({ root: at("workspace", "packages", "edp"), outDir: at("b") });
    expect(member?.sha256).toBe(alone?.sha256);
  });

  it("leaves a zip alone that has not changed", async () => {
    await writeSources(at("package"), HANDLER);
    const options = {
      root: at("package"),
      outDir: at("out"),
      only: [{ pipeline: "music", function: "count" }],
    };
    const [built] = await buildFunctions(options);
    const old = new Date("2001-01-01");
    await utimes(String(built?.path), old, old);
    await buildFunctions(options);
    expect((await stat(String(built?.path))).mtime).toEqual(old);
  });

  it("names file, line and column of what doesn't compile", async () => {
    await writeSources(at("package"), "export const handler = async () => {\n  const = 3;\n};\n");
    await expect(buildFunctions({ root: at("package"), outDir: at("out") })).rejects.toMatchObject({
      code: "BUILD_FAILED",
      exitCode: 3,
      message: expect.stringContaining("src/lambda/music/clean/handler.ts:2:9: "),
    });
  });

  it("says which sources are missing", async () => {
    await writeSources(at("package"), HANDLER);
    const only = [{ pipeline: "music", function: "sing" }];
    await expect(buildFunctions({ root: at("package"), outDir: at("out"), only })).rejects.toMatchObject({
      message: "The function sing of the pipeline music has no sources.",
      hint: expect.stringContaining("src/lambda/music/sing/handler.ts"),
    });
  });
});
