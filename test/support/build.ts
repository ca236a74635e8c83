import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Builds `dist/` once before any test, so that end-to-end tests run what is in the working tree. */
export default function setup(): void {
  // Somebody who works on one part need not wait for the whole to build.
  if (process.env.EDP_SKIP_BUILD) return;
  const root = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync(process.execPath, ["esbuild.config.mjs"], { cwd: root, stdio: "inherit" });
}
