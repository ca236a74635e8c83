// Builds edp itself into dist/: one entry per program, code split so that `edp --version` loads
// commander and nothing else. The Lambdas are bundled too, into dist/lambda: `edp deploy` takes those zips as long as
// their sources and dependencies are as they were now.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const { metafile } = await build({
  metafile: true,
  entryPoints: {
    cli: "src/cli.ts",
    engine: "src/local/main.ts",
    "lambda-worker": "src/local/lambda/worker.ts",
    "build-functions": "src/build/build.ts",
  },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  mainFields: ["module", "main"],
  external: ["esbuild"],
  sourcemap: true,
  sourcesContent: false,
  banner: {
    // CommonJS dependencies inside an ESM bundle ask for require().
    js: 'import { createRequire as __edpRequire } from "node:module"; const require = __edpRequire(import.meta.url);',
  },
  logLevel: "warning",
});

const LAMBDAS = "lambda";
// Chunks go a generation late: an engine or command that is running may still import those of the last build.
const GENERATION = "dist/generation.json";
const current = Object.keys(metafile.outputs).map((file) => path.basename(file));
const previous = await readFile(GENERATION, "utf8").then(JSON.parse, () => readdir("dist"));
const kept = new Set([...current, ...previous, path.basename(GENERATION)]);
for (const name of await readdir("dist"))
  if (!kept.has(name) && name !== LAMBDAS) await rm(path.join("dist", name), { force: true });
await writeFile(GENERATION, JSON.stringify(current));

const { buildFunctions } = await import("./dist/build-functions.js");
await buildFunctions({ root: import.meta.dirname, outDir: `dist/${LAMBDAS}`, reuse: true });
