import { createHash } from "node:crypto";
import type { BuildOptions } from "esbuild";
import { PACKAGE_ROOT } from "../package-root.ts";
import { VERSION } from "../version.ts";
import { hashOfPackage } from "./inputs.ts";

/** How a Lambda and everything it imports, the AWS SDK included, becomes one ES module. */
export const BUNDLING = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // The SDK's ES modules start faster than its CommonJS ones.
  mainFields: ["module", "main"],
  loader: { ".sql": "text" },
  // White space goes, names stay: whole minification saves 40 KB more and no start time, but makes stack traces unreadable.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // A tsconfig.json that happens to lie around the package has no say.
  tsconfigRaw: "{}",
  // What is CommonJS inside an ES module asks for require().
  banner: {
    js: 'import{createRequire as __edpRequire}from"node:module";const require=__edpRequire(import.meta.url);',
  },
} satisfies BuildOptions;

/**
 * esbuild names wrapped modules by their paths from the root: `"../../node_modules/x/y.js"(){` where a workspace or
 * an installed package has its dependencies further up. The names are for debuggers only.
 */
export const NAME_FURTHER_UP = /"(?:\.\.\/)+(?:[^"\n]*\/)?node_modules\/([^"\n]*"\([\w,]*\)\{)/g;

/**
 * Stands for all of it and for the versions of what bundles and zips: a zip made by another recipe is made again.
 * SHA-256 in hex.
 */
export async function recipe(): Promise<string> {
  const tools = await Promise.all(
    ["esbuild", "fflate"].map((name) => hashOfPackage(PACKAGE_ROOT, `node_modules/${name}`)),
  );
  const all = JSON.stringify([VERSION, BUNDLING, NAME_FURTHER_UP.source, tools]);
  return createHash("sha256").update(all).digest("hex");
}
