import { findLeftovers } from "../aws/leftovers.ts";
import { type DataLoss, describeLoss, holdsData } from "../aws/loss.ts";
import { thingOf } from "../aws/things.ts";
import type { Packaging } from "../build/packaging.ts";
import type { Context } from "../context.ts";
import { InvalidInputError, UsageError } from "../errors.ts";
import { ask } from "../terminal/ask.ts";
import { confirmTyped, confirmYes } from "../terminal/confirm.ts";
import type { AddressBook } from "../topology/deployment.ts";
import { selectPipelines } from "../topology/select.ts";
import type { Pipeline } from "../topology/types.ts";
import { formatBackend } from "./backend.ts";
import { buildZips, fillWorkspace } from "./content.ts";
import { dataAtRisk, emptyBuckets } from "./data-at-risk.ts";
import { type Hold, holdEnvironment } from "./holder.ts";
import {
  type FunctionImage,
  findImages,
  imageVariables,
  type PendingImages,
  packagingOf,
  prepareImages,
} from "./images.ts";
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
  /** `--package`, or the configuration's; undefined leaves it as it is. */
  packaging: Packaging | undefined;
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
  /** How the functions are packaged. */
  package: Packaging;
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
  options: AwsDeployOptions,
): Promise<AwsDeployResult> {
  const { planOnly } = options;
  await dropOldPlans(session);
  const built = await buildZips(session, pipelines);
  const packaging = packagingOf(options.packaging, session.state);
  const images = packaging === "image" ? await findImages(session, pipelines, built) : [];
  // First of all, since most that can fail here needs no change of AWS to fail.
  const pending = planOnly ? undefined : await prepareImages(session, images);
  try {
    await ensureBackend(session, !planOnly);
    await confirmMove(session, !planOnly);
    const fill = (created?: readonly string[]) =>
      fillWorkspace(session, pipelines, built, imageVariables(images, created));
    await fill();
    await initialise(session, hold);
    await migrateState(session);
    // Recorded before anything is made: `destroy` and `unlock` must find a first deploy that stopped half-way.
    await writeRecord(session.paths, recordOf(session));
    return {
      ...(await planAndApply(session, hold, pipelines, { ...options, images, pending, fill })),
      package: packaging,
    };
  } finally {
    await pending?.close();
  }
}

interface ApplyOptions extends AwsDeployOptions {
  images: readonly FunctionImage[];
  pending: PendingImages | undefined;
  /** Fills the working copy, with the repositories that were made. */
  fill(created: readonly string[]): Promise<void>;
}

async function planAndApply(
  session: Session,
  hold: Hold,
  pipelines: readonly Pipeline[],
  { planOnly, parallelism, images, pending, fill }: ApplyOptions,
): Promise<Omit<AwsDeployResult, "package">> {
  const { context } = session;
  const names = new Set([...pipelines.map(({ name }) => name), ...(session.state?.pipelines ?? [])]);
  const planOnce = () => plan(session, hold, { destroy: false, parallelism, pipelines: [...names] });
  const planned = await planOnce();
  if (!session.state) await refuseLostState(session, planned.plan, images);
  const losses = await dataAtRisk(session, planned.plan);
  const summary = describePlan(planned.plan, losses, context.terminal.color);
  const missing = images.filter(({ place }) => place !== "pushed").length;
  if (missing > 0) summary.push(`${missing} ${missing === 1 ? "image" : "images"} to build and push`);
  let state = session.state;
  if (!planOnly && (planned.plan.changes.length > 0 || planned.plan.outputsChange || pending)) {
    await confirm(context, planned.plan, losses, summary);
    const created = (await pending?.push()) ?? [];
    let final = planned;
    if (created.length > 0) {
      await fill(created);
      final = await planOnce();
      if (!adoptsOnly(planned.plan, final.plan)) {
        const text = describePlan(final.plan, losses, context.terminal.color);
        await confirm(context, final.plan, await dataAtRisk(session, final.plan), text);
      }
    }
    if (losses.length > 0) await emptyBuckets(session, final.plan);
    await apply(session, hold, final, parallelism);
    state = await currentState(session);
  }
  return describeResult(session, planned, losses, summary, state, !planOnly);
}

/** Whether the second plan is the first, but for repositories that it takes over instead of creating them. */
function adoptsOnly(first: Plan, second: Plan): boolean {
  const known = new Set(first.changes.map(({ action, address }) => `${action} ${address}`));
  return second.changes.every(
    ({ action, address, type }) => type === "aws_ecr_repository" || known.has(`${action} ${address}`),
  );
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
async function refuseLostState(
  session: Session,
  { changes }: Plan,
  images: readonly FunctionImage[],
): Promise<void> {
  const { clients, place, project, context } = session;
  const planned = changes.flatMap(({ type, action, after }) =>
    action === "create" ? (thingOf(type, after) ?? []) : [],
  );
  const tags = { project, env: context.env, "managed-by": "edp" };
  const leftovers = await context.terminal.spin("Checking that the names are free", () =>
    findLeftovers(clients, place, tags, planned),
  );
  // A deploy that was killed left them; this one takes them over.
  const adopted = new Set(images.map(({ repository }) => repository));
  const found = leftovers.found.filter(
    ({ type, name }) => type !== "aws_ecr_repository" || !adopted.has(name),
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
): Omit<AwsDeployResult, "package"> {
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
