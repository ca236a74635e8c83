import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuiltFunction, buildFunctions } from "../../src/build/build.ts";
import { PACKAGE_ROOT } from "../../src/package-root.ts";
import { temporaryDirectory } from "../support/services.ts";

/** Longest zip of a Lambda: what a cold start downloads. */
const MAX_ZIP_BYTES = 400 * 1024;
/** The warehouse's has the holidays of 200 countries with it, some 250 KB, and runs for seconds. */
const MAX_WITH_HOLIDAYS_BYTES = 560 * 1024;

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let built: BuiltFunction[];

beforeAll(async () => {
  directory = await temporaryDirectory();
  built = await buildFunctions({ root: PACKAGE_ROOT, outDir: directory.path });
});
afterAll(() => directory.remove());

/** Imports a bundle in a process of its own, as Lambda does, and prints its exports. */
async function load(bundle: string, environment: NodeJS.ProcessEnv) {
  const script = `console.log(Object.keys(await import(${JSON.stringify(bundle)})).join())`;
  const args = ["--input-type=module", "-e", script];
  return promisify(execFile)(process.execPath, args, { env: environment });
}

describe("the Lambdas that ship with edp", () => {
  it("fit their size, hold no path of this machine, and export a handler", async () => {
    expect(built.map(({ pipeline, function: name }) => `${pipeline}/${name}`)).toContain(
      "spotify/to-parquet",
    );
    for (const { path: zip, bytes, pipeline } of built) {
      expect(bytes).toBeLessThanOrEqual(pipeline === "warehouse" ? MAX_WITH_HOLIDAYS_BYTES : MAX_ZIP_BYTES);
      const content = Buffer.from(unzipSync(await readFile(zip))["index.mjs"] ?? "");
      expect(content.includes(PACKAGE_ROOT)).toBe(false);
    }
  });

  it("to-parquet starts with its edges' variables, and without them names those that are missing", async () => {
    const zip = built.find((one) => one.function === "to-parquet")?.path ?? "";
    const bundle = path.join(directory.path, "index.mjs");
    await writeFile(bundle, unzipSync(await readFile(zip))["index.mjs"] ?? "");
    const variables = {
      BUCKET_BRONZE: "b",
      BUCKET_STAGING: "s",
      DLQ_LANDED_URL: "http://127.0.0.1/q",
      AWS_REGION: "us-east-1",
    };
    expect((await load(bundle, variables)).stdout.trim()).toBe("handler");
    await expect(load(bundle, { BUCKET_BRONZE: "b" })).rejects.toThrow("BUCKET_STAGING, DLQ_LANDED_URL");
  });
});
