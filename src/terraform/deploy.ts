import { findLeftovers } from "../aws/leftovers.ts";
import { type DataLoss, describeLoss, holdsData } from "../aws/loss.ts";
import { thingOf } from "../aws/things.ts";
import type { Context } from "../context.ts";
import { InvalidInputError, UsageError } from "../errors.ts";
import { ask } from "../terminal/ask.ts";
import { confirmTyped, confirmYes } from "../terminal/confirm.ts";
import type { AddressBook } from "../topology/deployment.ts";
import { selectPipelines } from "../topology/select.ts";
import type { Pipeline } from "../topology/types.ts";
import { formatBackend } from "./backend.ts";
import { fillWorkspace } from "./content.ts";
import { dataAtRisk, emptyBuckets } from "./data-at-risk.ts";
import { type Hold, holdEnvironment } from "./holder.ts";
import { confirmMove, ensureBackend, migrateState } from "./migrate.ts";
import { apply, dropOldPlans, initialise, type PlanFile, plan } from "./operations.ts";
import { describeTotals, type Plan, type PlanAction, type Totals, totals } from "./plan.ts";
import { monthlyPrice } from "./price.ts";
import { writeRecord } from "./record.ts";
import { openSession, recordOf, type Session } from "./session.ts";
import { type EnvironmentState, readState } from "./state.ts";
import { describePlan } from "./summary.ts";

export interface AwsDeployOptions {
  /** Every pipeline that edp knows. */
  known: readonly Pipeline[];
  /** Pipelines named on the command line. */
  names: readonly string[];
  planOnly: boolean;
  /** `terraform -parallelism`. */
  parallelism: number;
  /** `--backend`. */
  backend: string | undefined;
}

export interface AwsDeployResult {
  env: string;
  endpoint: string | null;
  region: string;
  accountId: string;
  backend: string;
  /** Address book by pipeline; after `--plan-only` what is deployed now. */
  pipelines: Record<string, AddressBook>;
  changes: ResourceChange[];
  totals: Totals;
  /** What holds data and is deleted or replaced by the plan, with what is in it. */
  dataAtRisk: DataLoss[];
  /** Addresses that were changed outside of edp. */
  drift: string[];
  /** Fixed monthly price, see price.ts. */
  monthlyUsd: number;
  /** False after `--plan-only`. */
  applied: boolean;
  /** The plan as text. */
  summary: string[];
  /** What the user still has to do. */
  todo: string[];
  consoleLinks: Record<string, string>;
}

export interface ResourceChange {
  /** Null for what the environment shares. */
  pipeline: string | null;
  change: "added" | "updated" | "replaced" | "removed";
  /** Terraform address. */
  resource: string;
}

const NO_ACCESS_LOGS =
  "Requests to the APIs are not logged: this account has no role for API Gateway's logs. Give it one (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html) and deploy again.";

const CHANGE: Record<PlanAction, ResourceChange["change"]> = {
  create: "added",
  update: "updated",
  replace: "replaced",
  delete: "removed",
};

/** Builds, plans, shows, asks, and applies exactly what was shown. */
export async function deployAws(context: Context, options: AwsDeployOptions): Promise<AwsDeployResult> {
  const session = await openSession(context, options.backend ?? context.config.backend);
  try {
    const pipelines = await choosePipelines(session, options);
    const { accountId, region } = session.place;
    const where = session.endpointUrl ? ` at ${session.endpointUrl}` : "";
    context.terminal.note(`Environment ${context.env}: account ${accountId}, region ${region}${where}`);
    return await holdEnvironment(session.paths, "deploy", context.now(), (hold) =>
      deploy(session, hold, pipelines, options),
    );
  } finally {
    session.clients.close();
  }
}

async function deploy(
  session: Session,
  hold: Hold,
  pipelines: readonly Pipeline[],
  { planOnly, parallelism }: AwsDeployOptions,
): Promise<AwsDeployResult> {
  const { context } = session;
  await dropOldPlans(session);
  await ensureBackend(session, !planOnly);
  await confirmMove(session, !planOnly);
  await fillWorkspace(session, pipelines);
  await initialise(session, hold);
  await migrateState(session);
  // Recorded before anything is made: `destroy` and `unlock` must find a first deploy that stopped half-way.
  await writeRecord(session.paths, recordOf(session));
  const names = new Set([...pipelines.map(({ name }) => name), ...(session.state?.pipelines ?? [])]);
  const planned = await plan(session, hold, { destroy: false, parallelism, pipelines: [...names] });
  if (!session.state) await refuseLostState(session, planned.plan);
  const losses = await dataAtRisk(session, planned.plan);
  const summary = describePlan(planned.plan, losses, context.terminal.color);
  let state = session.state;
  if (!planOnly && (planned.plan.changes.length > 0 || planned.plan.outputsChange)) {
    await confirm(context, planned.plan, losses, summary);
    if (losses.length > 0) await emptyBuckets(session, planned.plan);
    await apply(session, hold, planned, parallelism);
    state = await currentState(session);
  }
  return describeResult(session, planned, losses, summary, state, !planOnly);
}

/** The environment's set is the union of what is there and what is asked for: only `destroy` removes. */
async function choosePipelines(session: Session, { known, names }: AwsDeployOptions): Promise<Pipeline[]> {
  const { context, state } = session;
  selectPipelines(known, names);
  const asked = names.length > 0 ? names : (context.config.pipelines ?? []);
  const deployed = state?.pipelines ?? [];
  const gone = deployed.filter((name) => !known.some((pipeline) => pipeline.name === name));
  if (gone.length > 0) {
    throw new InvalidInputError(`${context.env} has ${gone.join(", ")}, which this edp has no file for.`, {
      code: "UNKNOWN_PIPELINE",
      hint: `Use the edp that deployed it, or remove it first: npx edp destroy ${gone.join(" ")} --env ${context.env}`,
    });
  }
  const wanted = [...new Set([...deployed, ...asked])];
  if (wanted.length > 0) return selectPipelines(known, wanted);
  if (!context.terminal.interactive) {
    throw new UsageError("Which pipelines should be deployed to AWS?", {
      hint: `Name them (npx edp deploy ${known[0]?.name ?? "NAME"} --env ${context.env}), or list them under \`pipelines\` in edp.config.json.`,
    });
  }
  const { checkbox } = await import("@inquirer/prompts");
  const chosen = await ask(context, (streams) =>
    checkbox(
      {
        message: "Which pipelines should be deployed?",
        choices: known.map(({ name, description }) => ({ value: name, name: `${name}: ${description}` })),
        required: true,
      },
      streams,
    ),
  );
  return selectPipelines(known, chosen);
}

/** A state that was deleted by hand must not end in half a deploy that fails with "already exists". */
async function refuseLostState(session: Session, { changes }: Plan): Promise<void> {
  const { clients, place, project, context } = session;
  const planned = changes.flatMap(({ type, action, after }) =>
    action === "create" ? (thingOf(type, after) ?? []) : [],
  );
  const tags = { project, env: context.env, "managed-by": "edp" };
  const { found } = await context.terminal.spin("Checking that the names are free", () =>
    findLeftovers(clients, place, tags, planned),
  );
  if (found.length === 0) return;
  const list = found.map(({ type, name }) => `  ${type} ${name}`).join("\n");
  throw new InvalidInputError(
    `${context.env} has no Terraform state in ${formatBackend(session.backend)}, but ${found.length} of its things exist already:\n${list}`,
    {
      code: "STATE_MISSING",
      hint: "Put the state back (terraform.tfstate.backup, or the --backend it was deployed with), remove these things, or choose another --env.",
    },
  );
}

async function confirm(
  context: Context,
  plan: Plan,
  losses: readonly DataLoss[],
  summary: readonly string[],
): Promise<void> {
  // Outputs alone change nothing in AWS.
  if (plan.changes.length === 0) return;
  for (const line of summary) context.yes ? context.terminal.note(line) : context.terminal.warn(line);
  if (holdsData(losses)) {
    await confirmTyped(context, `${context.env} will lose ${describeLoss(losses)}.`, context.env);
  } else {
    await confirmYes(context, `Apply to ${context.env}: ${describeTotals(totals(plan.changes))}?`);
  }
}

async function currentState(session: Session): Promise<EnvironmentState | undefined> {
  const { backend, clients, context, endpointUrl, paths, place, project } = session;
  return readState(
    backend,
    { project, env: context.env, region: place.region, endpointUrl },
    paths.state,
    clients,
  );
}

function describeResult(
  session: Session,
  { plan }: PlanFile,
  losses: DataLoss[],
  summary: string[],
  state: EnvironmentState | undefined,
  applied: boolean,
): AwsDeployResult {
  const { context, endpointUrl, place, backend } = session;
  return {
    env: context.env,
    endpoint: endpointUrl,
    region: place.region,
    accountId: place.accountId,
    backend: formatBackend(backend),
    pipelines: state?.outputs?.addresses ?? {},
    changes: plan.changes.map(({ pipeline, action, address }) => ({
      pipeline,
      change: CHANGE[action],
      resource: address,
    })),
    totals: totals(plan.changes),
    dataAtRisk: losses,
    drift: plan.drift.map(({ resource }) => resource),
    monthlyUsd: monthlyPrice(plan.resources).usd,
    applied,
    summary,
    todo: applied ? openTasks(state) : [],
    consoleLinks: state?.outputs?.consoleLinks ?? {},
  };
}

/**
 * An e-mail subscription works only once its owner has followed the link in the mail; an API logs requests only
 * where its account has a role for that.
 */
function openTasks(state: EnvironmentState | undefined): string[] {
  const resources = state?.resources ?? [];
  const mails = resources.flatMap(({ type, attributes }) =>
    type === "aws_sns_topic_subscription" &&
    attributes.protocol === "email" &&
    attributes.pending_confirmation === true
      ? [String(attributes.endpoint)]
      : [],
  );
  const unlogged = resources.some(
    ({ type, attributes }) =>
      type === "aws_api_gateway_stage" &&
      Array.isArray(attributes.access_log_settings) &&
      attributes.access_log_settings.length === 0,
  );
  return [
    ...[...new Set(mails)].map(
      (address) => `Confirm what AWS has subscribed: it has sent a mail to ${address}.`,
    ),
    ...(unlogged ? [NO_ACCESS_LOGS] : []),
  ];
}
