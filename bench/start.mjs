import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { unzipSync } from "fflate";
import { BUILD, bundle, ROOT } from "./bundles.mjs";
import { alternate, median, wallMs } from "./processes.mjs";

const REPEATS = 21;
const BARE = ["-e", "0"];

/** The Lambdas that start, with what their environment has to have. */
const LAMBDAS = [
  {
    pipeline: "spotify",
    name: "to-parquet",
    limitKb: 400,
    env: { BUCKET_BRONZE: "b", BUCKET_STAGING: "s", DLQ_LANDED_URL: "u" },
  },
  { pipeline: "fakestore", name: "accept", limitKb: 300, env: { STREAM_EVENTS: "e" } },
];

/** Start of the Lambdas' bundles and of `edp`, against bare Node.js: whole processes. */
export async function start(directory) {
  const { buildFunctions } = await import(await bundle(directory, "build", BUILD));
  const lambdas = [];
  for (const lambda of LAMBDAS) lambdas.push(await built(lambda, directory, buildFunctions));
  const version = [path.join(ROOT, "bin/edp.js"), "--version"];
  const [bare, edp, ...starts] = alternate(REPEATS, [
    () => wallMs(BARE),
    () => wallMs(version),
    ...lambdas.map(
      ({ module, env }) =>
        () =>
          wallMs([module], { ...process.env, AWS_REGION: "us-east-1", ...env }),
    ),
  ]);
  return [
    { name: "bare node", value: median(bare), unit: "ms" },
    { name: "edp --version / bare node", value: median(edp) / median(bare), unit: "x", limit: 1.25 },
    ...lambdas.flatMap(({ name, bytes, buildMs, limitKb }, index) => [
      { name: `${name}: zip`, value: bytes / 1024, unit: "KB", limit: limitKb },
      { name: `${name}: build`, value: buildMs, unit: "ms" },
      {
        name: `${name}: cold start above bare node`,
        value: median(starts[index]) - median(bare),
        unit: "ms",
        limit: 130,
      },
    ]),
  ];
}

/** Builds a Lambda twice, the second time with a warm disk, and unpacks it. */
async function built(lambda, directory, buildFunctions) {
  const options = {
    root: ROOT,
    outDir: directory,
    only: [{ pipeline: lambda.pipeline, function: lambda.name }],
  };
  await buildFunctions(options);
  const before = performance.now();
  const [{ path: zip, bytes }] = await buildFunctions(options);
  const buildMs = performance.now() - before;
  const module = path.join(directory, `${lambda.name}.mjs`);
  writeFileSync(module, unzipSync(readFileSync(zip))["index.mjs"]);
  return { ...lambda, bytes, buildMs, module };
}
