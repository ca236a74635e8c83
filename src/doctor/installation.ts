import { access, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { PACKAGE_ROOT } from "../package-root.ts";
import { VERSION } from "../version.ts";
import type { Check, Finding } from "./check.ts";

/** Programs of the built package. */
const PROGRAMS = ["cli.js", "engine.js", "lambda-worker.js"];
/** Lambdas are bundled at `edp build`, not into dist. */
const NOT_IN_DIST = new Set(["lambda"]);

export const installation: Check = {
  name: "installation",
  aws: false,
  run: async () => {
    const found = await judgeBuild(PACKAGE_ROOT);
    return found.status === "ok" ? { ...found, ...(await judgeBundler()) } : found;
  },
};

/** Whether `dist/` of a package is complete and, in a clone, no older than its sources. */
export async function judgeBuild(root: string): Promise<Finding> {
  const fix = `Build it: npm run build (in ${root})`;
  const missing: string[] = [];
  for (const program of PROGRAMS) {
    await access(path.join(root, "dist", program)).catch(() => missing.push(`dist/${program}`));
  }
  if (missing.length > 0) return { status: "fail", message: `${missing.join(", ")} missing`, fix };
  const built = (await stat(path.join(root, "dist", "cli.js"))).mtimeMs;
  const newest = await newestSource(path.join(root, "src"));
  if (newest && newest.time > built) {
    const message = `edp ${VERSION} was built before ${path.relative(root, newest.file)} changed`;
    return { status: "warn", message, fix };
  }
  return { status: "ok", message: `edp ${VERSION} in ${root}` };
}

async function newestSource(directory: string): Promise<{ file: string; time: number } | undefined> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !NOT_IN_DIST.has(path.relative(directory, file).split(path.sep)[0] ?? ""));
  const times = await Promise.all(files.map(async (file) => ({ file, time: (await stat(file)).mtimeMs })));
  return times.reduce<(typeof times)[number] | undefined>(
    (newest, one) => (newest && newest.time >= one.time ? newest : one),
    undefined,
  );
}

/** esbuild is a native program: node_modules copied from another system carry the wrong one. */
async function judgeBundler(): Promise<Partial<Finding>> {
  try {
    const { transform } = await import("esbuild");
    await transform("export {}");
    return {};
  } catch (error) {
    const [message = ""] = (error as Error).message.trim().split("\n");
    return { status: "fail", message: `esbuild does not run: ${message}`, fix: "Install again: npm ci" };
  }
}
