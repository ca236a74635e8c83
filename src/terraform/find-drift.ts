import { rm } from "node:fs/promises";
import type { Context } from "../context.ts";
import { NotDeployedError } from "../errors.ts";
import { PIPELINES_DIRECTORY } from "../package-root.ts";
import { loadPipelines } from "../topology/load.ts";
import { selectPipelines } from "../topology/select.ts";
import { narrowWorkspace, refillWorkspace } from "./content.ts";
import type { Drift } from "./drift.ts";
import { holdEnvironment } from "./holder.ts";
import { dropOldPlans, initialise, plan } from "./operations.ts";
import { openSession } from "./session.ts";

/** `terraform -parallelism`: reads only, so more than for an apply. */
const PARALLELISM = 40;

/**
 * Compares AWS with what the last deploy left, by a plan of the working copy that is then thrown away. What the
 * declaration has changed since is no drift. Not `-refresh-only`: that also lists what AWS fills in by itself.
 * @param names pipelines to look at, all when none is named; what they share is always looked at.
 * @throws NotDeployedError, EdpError ENVIRONMENT_BUSY while it is being changed, and what Terraform fails with (5).
 */
export async function findDrift(context: Context, names: readonly string[]): Promise<Drift[]> {
  const session = await openSession(context, undefined);
  try {
    const deployed = session.state?.pipelines;
    if (!deployed) {
      throw new NotDeployedError(`The environment ${context.env} is not deployed.`, {
        hint: `Deploy it first: npx edp deploy --env ${context.env}`,
      });
    }
    return await holdEnvironment(session.paths, "status --drift", context.now(), async (hold) => {
      await dropOldPlans(session);
      if (!(await narrowWorkspace(session, deployed))) {
        await refillWorkspace(session, selectPipelines(await loadPipelines([PIPELINES_DIRECTORY]), deployed));
      }
      await initialise(session, hold);
      const planned = await plan(session, hold, {
        destroy: false,
        parallelism: PARALLELISM,
        pipelines: deployed,
      });
      await rm(planned.file, { force: true });
      return planned.plan.drift.filter(
        ({ pipeline }) => names.length === 0 || pipeline === null || names.includes(pipeline),
      );
    });
  } finally {
    session.clients.close();
  }
}
