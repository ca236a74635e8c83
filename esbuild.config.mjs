// Builds edp itself into dist/: one entry per program, code split so that `edp --version` loads
// commander and nothing else. Lambda bundles are built by src/build at `edp build` and `edp deploy`.
import { rm } from "node:fs/promises";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
await build({
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
