import path from "node:path";
import { buildFunctions } from "../../src/build/build.ts";
import { systemClock } from "../../src/local/clock.ts";
import { type DeployRequest, type Engine, type EngineOptions, startEngine } from "../../src/local/engine.ts";
import { PACKAGE_ROOT, PIPELINES_DIRECTORY } from "../../src/package-root.ts";
import { loadPipelines } from "../../src/topology/load.ts";

/** Starts an engine in this process on a free port, with the built Lambda worker. */
export function startTestEngine(
  dataDirectory: string,
  overrides: Partial<EngineOptions> = {},
): Promise<Engine> {
  return startEngine({
    dataDirectory,
    port: 0,
    clock: systemClock,
    workerPath: path.join(PACKAGE_ROOT, "dist", "lambda-worker.js"),
    log: () => {},
    ...overrides,
  });
}

/** What `edp deploy` would send: every shipped pipeline, its functions built into `outDir`. */
export async function shippedPipelines(outDir: string): Promise<DeployRequest> {
  const built = await buildFunctions({ root: PACKAGE_ROOT, outDir, reuse: true });
  return {
    project: "edp",
    pipelines: await loadPipelines([PIPELINES_DIRECTORY]),
    zips: Object.fromEntries(built.map((one) => [`${one.pipeline}-${one.function}`, one.path])),
    awsTiming: false,
  };
}
