import { rm } from "node:fs/promises";
import { buildFunctions } from "../build/build.ts";
import type { Context } from "../context.ts";
import { PACKAGE_ROOT } from "../package-root.ts";
import type { Deployment } from "../topology/deployment.ts";
import type { Pipeline } from "../topology/types.ts";
import { ensureEngine, predecessorGone, waitForEnd, withLocalLock } from "./background.ts";
import { deployPipelines, findEngine, localDeployment, removePipelines, stopEngine } from "./control.ts";
import type { DeployRequest, PipelineChange } from "./engine.ts";
import { olderLog } from "./engine-log.ts";
import { removeElsewhere } from "./postgres/place.ts";
import { setAside } from "./remove-data.ts";
import { localPaths } from "./state.ts";

export interface LocalDeployOptions {
  pipelines: Pipeline[];
  port: number | undefined;
  awsTiming: boolean;
}

export interface LocalDeployResult {
  deployment: Deployment;
  /** Whether this call started the engine. */
  started: boolean;
  /** What it did to each pipeline it was given. */
  changes: { pipeline: string; change: PipelineChange }[];
}

/** Builds the functions and brings the engine and the pipelines up; pipelines already there are updated. */
export async function deployLocal(context: Context, options: LocalDeployOptions): Promise<LocalDeployResult> {
  return withLocalLock(context.directory, async () => {
    const names = options.pipelines.map((pipeline) => pipeline.name);
    const [request, { state, started }] = await Promise.all([
      deployRequest(context, options),
      ensureEngine(context.directory, options.port),
    ]);
    context.signal.throwIfAborted();
    const { changes, ...deployment } = await deployPipelines(state, request);
    return {
      deployment,
      started,
      // An engine of an earlier version, still running, doesn't tell.
      changes: names.map((pipeline) => ({ pipeline, change: changes?.[pipeline] ?? "updated" })),
    };
  });
}

/** What the engine needs to know to run these pipelines; builds their functions. */
export async function deployRequest(
  context: Context,
  options: Pick<LocalDeployOptions, "pipelines" | "awsTiming">,
): Promise<DeployRequest> {
  const built = await buildFunctions({
    root: PACKAGE_ROOT,
    outDir: localPaths(context.directory).build,
    reuse: true,
    only: options.pipelines.flatMap((pipeline) =>
      Object.keys(pipeline.functions).map((key) => ({ pipeline: pipeline.name, function: key })),
    ),
  });
  return {
    project: context.config.project,
    pipelines: options.pipelines,
    zips: Object.fromEntries(built.map((one) => [`${one.pipeline}-${one.function}`, one.path])),
    awsTiming: options.awsTiming,
    corsAllowedOrigins: context.config.corsAllowedOrigins ?? [],
  };
}

/**
 * Removes pipelines from the engine; with none left, or none named, stops it and deletes its data.
 * Returns the names of the pipelines that were removed.
 */
export async function destroyLocal(
  context: Context,
  names: string[],
): Promise<{ removed: string[]; stopped: boolean }> {
  // Deleting many files takes its time; the next deploy need not wait for it.
  let removeData = async () => {};
  const outcome = await withLocalLock(context.directory, async () => {
    const state = await findEngine(context.directory);
    const deployed = state ? Object.keys((await localDeployment(context.directory)).pipelines) : [];
    const removed = names.length === 0 ? deployed : deployed.filter((name) => names.includes(name));
    if (state && removed.length < deployed.length) {
      await removePipelines(state, removed);
      return { removed, stopped: false };
    }
    if (state) {
      await stopEngine(state);
      await waitForEnd(state, context.directory);
    } else await predecessorGone(context.directory);
    // The data only: run manifests under runs/ stay, they prove what happened.
    const paths = localPaths(context.directory);
    await removeElsewhere(paths.data);
    removeData = await setAside(paths.data);
    for (const gone of [paths.state, paths.log, olderLog(paths.log)]) await rm(gone, { force: true });
    return { removed, stopped: state !== undefined };
  });
  await removeData();
  return outcome;
}
