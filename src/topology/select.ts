import { UsageError } from "../errors.ts";
import type { Deployment } from "./deployment.ts";
import type { Pipeline } from "./types.ts";

/**
 * The pipelines with these names, or all of them when none is named.
 * @throws UsageError naming every unknown name and the ones there are.
 */
export function selectPipelines(all: readonly Pipeline[], names: readonly string[]): Pipeline[] {
  const known = all.map((pipeline) => pipeline.name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`No pipeline is called ${unknown.join(", ")}.`, {
      hint: `There ${known.length === 1 ? "is" : "are"}: ${known.join(", ")}.`,
    });
  }
  return names.length === 0 ? [...all] : all.filter((pipeline) => names.includes(pipeline.name));
}

/** @throws UsageError when a named pipeline is not part of the deployment. */
export function checkDeployed(deployment: Deployment, names: readonly string[]): void {
  selectPipelines(
    Object.values(deployment.pipelines).map(({ topology }) => topology),
    names,
  );
}
