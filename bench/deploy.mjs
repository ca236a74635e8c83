import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./bundles.mjs";
import { median } from "./processes.mjs";

const REPEATS = 5;
const EDP = path.join(ROOT, "bin/edp.js");

/** `edp deploy` of every pipeline in an empty directory until the local engine answers, as whole processes. */
export async function deploy(directory) {
  const runs = Array.from({ length: REPEATS }, () => deployed(mkdtempSync(path.join(directory, "deploy-"))));
  return [
    {
      name: "deploy: every pipeline, healthy after",
      value: median(runs.map(({ ms }) => ms)),
      unit: "ms",
      limit: 1500,
    },
    {
      name: "deploy: memory of the engine",
      value: median(runs.map(({ rssMb }) => rssMb)),
      unit: "MB",
      limit: 150,
    },
  ];
}

function deployed(cwd) {
  const edp = (...args) => execFileSync(process.execPath, [EDP, ...args], { cwd, stdio: "ignore" });
  const before = performance.now();
  edp("deploy");
  const ms = performance.now() - before;
  try {
    const { pid } = JSON.parse(readFileSync(path.join(cwd, ".edp/local/engine.json"), "utf8"));
    return { ms, rssMb: Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)])) / 1024 };
  } finally {
    edp("destroy", "--yes");
  }
}
