import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const ESBUILD = path.join(ROOT, "node_modules/esbuild/lib/main.js");

/** Bundles TypeScript that exports what is measured; returns the file. */
export async function bundle(directory, name, source) {
  mkdirSync(directory, { recursive: true });
  const entry = path.join(directory, `${name}.ts`);
  writeFileSync(entry, source);
  const outfile = path.join(directory, `${name}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    nodePaths: [path.join(ROOT, "node_modules")],
    // esbuild can't bundle itself, and the bundle lies where no node_modules is found.
    alias: { esbuild: ESBUILD },
    external: [ESBUILD],
    banner: {
      js: 'import{createRequire as benchRequire}from"node:module";const require=benchRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  return outfile;
}

const lambda = (file) => JSON.stringify(path.join(ROOT, "src/lambda", file));

/** The Lambda's conversion without S3 and SQS. */
export const CONVERSION = `
  export { ParquetFile, bestCodec } from ${lambda("shared/parquet/writer.ts")};
  export { datasetOf, readRows, rowSchema } from ${lambda("spotify/to-parquet/transform.ts")};
`;

/** The Lambda's whole batch, and the command's build. */
export const BATCH = `export { convertBatch } from ${lambda("spotify/to-parquet/batch.ts")};`;
export const BUILD = `export { buildFunctions } from ${JSON.stringify(path.join(ROOT, "src/build/build.ts"))};`;

/** The Lambda that takes posted events. */
export const ACCEPT = `export { accept } from ${lambda("fakestore/accept/accept.ts")};`;
