import process from "node:process";
import packageJson from "../../package.json" with { type: "json" };
import { compareVersions } from "../terraform/binary.ts";
import type { Check, Finding } from "./check.ts";

export const node: Check = {
  name: "node",
  aws: false,
  run: async () => judgeNode(process.versions.node, packageJson.engines.node),
};

/** Compares a Node version with the range `>=X.Y` of package.json. */
export function judgeNode(version: string, range: string): Finding {
  const minimum = range.replace(/^>=\s*/, "");
  if (compareVersions(version, minimum) >= 0) return { status: "ok", message: `Node.js ${version}` };
  return {
    status: "fail",
    message: `Node.js ${version}; edp needs ${minimum} or newer`,
    fix: "Install a newer one: https://nodejs.org",
  };
}
