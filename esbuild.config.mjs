// Builds edp itself into dist/: one entry per program, code split so that `edp --version` loads
// commander and nothing else. Lambda bundles are built by src/build at `edp build` and `edp deploy`.
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

/** Chunks of an earlier build go after this: an engine or command that is running may still import them. */
const STALE_MS = 60 * 60 * 1000;

const { metafile } = await build({
  metafile: true,
  entryPoints: {
    cli: "src/cli.ts",
    engine: "src/local/main.ts",
    "lambda-worker": "src/local/lambda/worker.ts",
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

const current = new Set(Object.keys(metafile.outputs).map((file) => path.basename(file)));
for (const name of await readdir("dist")) {
  const file = path.join("dist", name);
  if (!current.has(name) && Date.now() - (await stat(file)).mtimeMs > STALE_MS) await rm(file);
}
