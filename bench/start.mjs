import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { unzipSync } from "fflate";
import { BUILD, bundle, ROOT } from "./bundles.mjs";
import { alternate, median, wallMs } from "./processes.mjs";

const REPEATS = 21;
const BARE = ["-e", "0"];

/** Start of the Lambda's bundle and of `edp`, against bare Node.js: whole processes. */
export async function start(directory) {
  const { buildFunctions } = await import(await bundle(directory, "build", BUILD));
  const only = [{ pipeline: "spotify", function: "to-parquet" }];
  await buildFunctions({ root: ROOT, outDir: directory, only });
  const before = performance.now();
  const [built] = await buildFunctions({ root: ROOT, outDir: directory, only });
  const buildMs = performance.now() - before;
  const module = path.join(directory, "index.mjs");
  writeFileSync(module, unzipSync(readFileSync(built.path))["index.mjs"]);
  const env = {
    ...process.env,
    BUCKET_BRONZE: "b",
    BUCKET_STAGING: "s",
    DLQ_LANDED_URL: "u",
    AWS_REGION: "us-east-1",
  };
  const version = [path.join(ROOT, "bin/edp.js"), "--version"];
  const [bare, lambda, edp] = alternate(REPEATS, [
    () => wallMs(BARE),
    () => wallMs([module], env),
    () => wallMs(version),
  ]);
  return [
    { name: "to-parquet: zip", value: built.bytes / 1024, unit: "KB", limit: 400 },
    { name: "to-parquet: build", value: buildMs, unit: "ms" },
    { name: "bare node", value: median(bare), unit: "ms" },
    {
      name: "to-parquet: cold start above bare node",
      value: median(lambda) - median(bare),
      unit: "ms",
      limit: 130,
    },
    { name: "edp --version / bare node", value: median(edp) / median(bare), unit: "x", limit: 1.25 },
  ];
}
