import { rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { findLeftovers, type Leftovers } from "../aws/leftovers.ts";
import { type DataLoss, describeLoss, type LossSum, sumLoss } from "../aws/loss.ts";
import { type Thing, thingOf } from "../aws/things.ts";
import type { Context } from "../context.ts";
import { EdpError, NotDeployedError, UsageError } from "../errors.ts";
import { checkConfirmable, confirmTyped } from "../terminal/confirm.ts";
import { selectPipelines } from "../topology/select.ts";
import type { Pipeline } from "../topology/types.ts";
import { narrowWorkspace, refillWorkspace } from "./content.ts";
import { dataAtRisk, emptyBuckets } from "./data-at-risk.ts";
import { type Hold, holdEnvironment } from "./holder.ts";
import { apply, dropOldPlans, initialise, type PlanFile, plan } from "./operations.ts";
import { describeTotals, type Plan, totals } from "./plan.ts";
import { writeRecord } from "./record.ts";
import { openSession, recordOf, type Session } from "./session.ts";
import { describePlan } from "./summary.ts";

/** Times that buckets are emptied again when objects arrive while they are being destroyed. */
const MAX_ATTEMPTS = 3;

export interface AwsDestroyOptions {
  /** Every pipeline that edp knows. */
  known: readonly Pipeline[];
  /** Pipelines to remove; none for the whole environment. */
  names: readonly string[];
  parallelism: number;
}

export interface AwsDestroyResult {
  env: string;
  accountId: string;
  region: string;
  /** Pipelines that are gone. */
  destroyed: string[];
  lost: LossSum;
  /** Resources that Terraform destroyed. */
  resources: number;
  /** Things that are still there though they should not be, each confirmed by a direct call. */
  leftovers: Thing[];
  /** Things that could not be asked for. */
  unverified: Thing[];
  /** How many things were looked for by name, and whether AWS could be searched by tag. */
  verified: { byName: number; byTag: boolean };
}

/** Says what would be lost, asks, empties, destroys by a plan file, and looks whether anything is left. */
export async function destroyAws(context: Context, options: AwsDestroyOptions): Promise<AwsDestroyResult> {
  // Before the plan, which takes its time: nobody will be there to answer.
  checkConfirmable(context);
  const session = await openSession(context, undefined);
  try {
    const { accountId, region } = session.place;
    context.terminal.note(`Environment ${context.env}: account ${accountId}, region ${region}`);
    const deployed = session.state?.pipelines ?? [];
    if (!session.state) throw await neverDeployed(session);
    const unknown = options.names.filter((name) => !deployed.includes(name));
    if (unknown.length > 0) {
      throw new UsageError(`${unknown.join(", ")} is not deployed in ${context.env}.`, {
        hint: `Deployed: ${deployed.join(", ") || "nothing"}.`,
      });
    }
    return await holdEnvironment(session.paths, "destroy", context.now(), (hold) =>
      destroy(session, hold, deployed, options),
    );
  } finally {
    session.clients.close();
  }
}

async function destroy(
  session: Session,
  hold: Hold,
  deployed: readonly string[],
  { known, names, parallelism }: AwsDestroyOptions,
): Promise<AwsDestroyResult> {
  const { context } = session;
  const remaining = names.length === 0 ? [] : deployed.filter((name) => !names.includes(name));
  const whole = remaining.length === 0;
  const gone = whole ? [...deployed] : [...names];
  await dropOldPlans(session);
  await prepareWorkspace(session, known, remaining);
  await initialise(session, hold);
  await writeRecord(session.paths, recordOf(session));
  const planOnce = () => plan(session, hold, { destroy: whole, parallelism, pipelines: deployed });
  const planned = await planOnce();
  const losses = await dataAtRisk(session, planned.plan);
  await confirm(context, planned.plan, losses, gone);
  await emptyAndApply(session, hold, planned, planOnce, parallelism);
  const { looked, leftovers } = await verify(session, planned.plan, whole ? null : gone);
  if (whole && leftovers.found.length === 0) await forget(session);
  return {
    env: context.env,
    accountId: session.place.accountId,
    region: session.place.region,
    destroyed: gone,
    lost: sumLoss(losses),
    resources: totals(planned.plan.changes).delete,
    leftovers: leftovers.found,
    unverified: leftovers.unknown,
    verified: { byName: looked, byTag: leftovers.searchedByTag },
  };
}

/** For the whole environment no pipeline file and no zip is needed: what the state holds is destroyed. */
async function prepareWorkspace(
  session: Session,
  known: readonly Pipeline[],
  remaining: readonly string[],
): Promise<void> {
  if (await narrowWorkspace(session, remaining)) return;
  await refillWorkspace(session, remaining.length === 0 ? [] : selectPipelines(known, remaining));
}

async function confirm(
  context: Context,
  plan: Plan,
  losses: readonly DataLoss[],
  gone: readonly string[],
): Promise<void> {
  const show = (line: string) => (context.yes ? context.terminal.note(line) : context.terminal.warn(line));
  for (const line of describePlan({ ...plan, resources: [] }, losses, context.terminal.color)) show(line);
  const what = gone.join(", ") || "what a stopped deploy left";
  await confirmTyped(
    context,
    `${describeTotals(totals(plan.changes))} (${what}); ${context.env} will lose ${describeLoss(losses)}, for good.`,
    context.env,
  );
}

async function emptyAndApply(
  session: Session,
  hold: Hold,
  first: PlanFile,
  planAgain: () => Promise<PlanFile>,
  parallelism: number,
): Promise<void> {
  let planned = first;
  for (let attempt = 1; ; attempt++) {
    try {
      await emptyBuckets(session, planned.plan);
      await apply(session, hold, planned, parallelism);
      return;
    } catch (error) {
      // Functions still write until they are gone themselves.
      const isLate = error instanceof EdpError && error.code === "BUCKET_NOT_EMPTY";
      if (!isLate || attempt === MAX_ATTEMPTS) throw error;
      session.context.terminal.note("Objects arrived meanwhile: emptying the buckets again.");
      planned = await planAgain();
    }
  }
}

/** @param pipelines null for the whole environment. */
async function verify(
  session: Session,
  { changes }: Plan,
  pipelines: readonly string[] | null,
): Promise<{ looked: number; leftovers: Leftovers }> {
  const { clients, place, project, context } = session;
  const things = changes.flatMap(({ type, action, before }) =>
    action === "delete" ? (thingOf(type, before) ?? []) : [],
  );
  const tags = { project, env: context.env, "managed-by": "edp" };
  const leftovers = await context.terminal.spin("Checking that nothing is left", async () => {
    if (pipelines === null) return findLeftovers(clients, place, tags, things);
    const each = await Promise.all(
      pipelines.map((pipeline) => findLeftovers(clients, place, { ...tags, pipeline }, things)),
    );
    return {
      found: unique(each.flatMap(({ found }) => found)),
      unknown: unique(each.flatMap(({ unknown }) => unknown)),
      searchedByTag: each.every(({ searchedByTag }) => searchedByTag),
    };
  });
  return { looked: things.length, leftovers };
}

function unique(things: readonly Thing[]): Thing[] {
  return [...new Map(things.map((thing) => [`${thing.type} ${thing.name}`, thing])).values()];
}

/** Deletes what edp kept of the environment; run manifests under runs/ stay, they prove what happened. */
async function forget({ paths }: Session): Promise<void> {
  const files = [paths.work, paths.plans, paths.logs, paths.record, paths.state, `${paths.state}.backup`];
  for (const file of files) await rm(file, { recursive: true, force: true });
}

/** Removes the environment's directory when nothing is kept in it. Call after its holder has gone. */
export async function removeEmptyDirectory(context: Context): Promise<void> {
  await rmdir(path.join(context.directory, ".edp", context.env)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "ENOENT") throw error;
  });
}

async function neverDeployed(session: Session): Promise<NotDeployedError> {
  const { clients, place, project, context } = session;
  const { found } = await findLeftovers(
    clients,
    place,
    { project, env: context.env, "managed-by": "edp" },
    [],
  );
  if (found.length === 0) {
    return new NotDeployedError(
      `The environment ${context.env} is not deployed: there is nothing to destroy.`,
      {
        hint: "Check --env, the directory you are in, and --backend in edp.config.json.",
      },
    );
  }
  const list = found.map(({ type, name }) => `  ${type} ${name}`).join("\n");
  return new NotDeployedError(
    `${context.env} has no Terraform state, but these things bear its tags:\n${list}`,
    {
      code: "STATE_MISSING",
      hint: "Put the state back (terraform.tfstate.backup, or the backend it was deployed with), or remove them in the AWS console.",
    },
  );
}
