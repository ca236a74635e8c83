import { resolveRegion } from "../aws/account.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import { NotDeployedError, UsageError } from "../errors.ts";
import { mailGroup } from "../local/sns/mail.ts";
import type { Deployment } from "../topology/deployment.ts";
import { loadDeployment } from "../topology/load-deployment.ts";
import { checkDeployed } from "../topology/select.ts";
import type { LogSource } from "./event.ts";
import type { TailOptions } from "./options.ts";

/** Where logs lie, and which. */
export interface LogPlace extends Pick<Deployment, "env" | "endpoint" | "region"> {
  sources: LogSource[];
}

/**
 * The log groups that are asked for: those of the functions of the named pipelines (all without a name), and those
 * that were named directly, which need no deployed environment.
 * @throws UsageError for a target that isn't deployed; NotDeployedError
 */
export async function findSources(options: TailOptions, context: Context): Promise<LogPlace> {
  const named = options.logGroups.map(namedSource);
  if (named.length > 0 && options.targets.length === 0) {
    return { ...(await placeOfGroups(options, context)), sources: named };
  }
  const deployment = await loadDeployment(context);
  const sources = options.mail
    ? mailsOf(deployment, options.targets)
    : functionsOf(deployment, options.targets);
  const known = new Set(sources.map(({ group }) => group));
  const { env, endpoint, region } = deployment;
  return { env, endpoint, region, sources: [...sources, ...named.filter(({ group }) => !known.has(group))] };
}

/**
 * The outboxes of the topics that send mail.
 * @throws UsageError on AWS, where mails are in their readers' inboxes; for a pipeline that sends none
 */
function mailsOf(deployment: Deployment, targets: readonly string[]): LogSource[] {
  if (deployment.env !== LOCAL_ENV) {
    throw new UsageError(`The mails of ${deployment.env} are in their readers' inboxes.`, {
      hint: "--mail shows what the local engine would have sent.",
    });
  }
  checkDeployed(deployment, targets);
  const pipelines = targets.length > 0 ? targets : Object.keys(deployment.pipelines);
  const sources = pipelines.flatMap((pipeline) => {
    const { topology, addresses } = deployment.pipelines[pipeline] ?? {};
    return Object.entries(topology?.topics ?? {}).flatMap(([key, { email }]) => {
      const topic = addresses?.topics[key]?.arn;
      if (!email || topic === undefined) return [];
      return [{ group: mailGroup(topic), pipeline, function: null, label: `${pipeline}/${key}` }];
    });
  });
  if (sources.length > 0) return sources;
  throw new UsageError(`No topic of ${pipelines.join(", ")} sends mail.`);
}

/** A group is labelled by its name; of a function's, the part that all functions share is left out. */
function namedSource(group: string): LogSource {
  const name = group.replace(/^arn:.*:log-group:/, "").replace(/:\*$/, "");
  return { group, pipeline: null, function: null, label: name.replace(/^\/aws\/lambda\/(?=.)/, "") };
}

/**
 * The functions that targets name, `pipeline` or `pipeline/function`; all of them without a target.
 * @throws UsageError
 */
export function functionsOf(deployment: Deployment, targets: readonly string[]): LogSource[] {
  const wanted = targets.length > 0 ? targets : Object.keys(deployment.pipelines);
  checkDeployed(deployment, [...new Set(wanted.map((target) => target.split("/")[0] ?? ""))]);
  const sources = new Map<string, LogSource>();
  for (const target of wanted) {
    const [pipeline = "", name] = splitOnce(target);
    const functions = deployment.pipelines[pipeline]?.addresses.functions ?? {};
    if (name !== undefined && !Object.hasOwn(functions, name)) {
      throw new UsageError(`Pipeline ${pipeline} has no function ${JSON.stringify(name)}.`, {
        hint: `There ${Object.keys(functions).length === 1 ? "is" : "are"}: ${Object.keys(functions).join(", ")}.`,
      });
    }
    for (const [key, { logGroup }] of Object.entries(functions)) {
      if (name !== undefined && key !== name) continue;
      sources.set(logGroup, { group: logGroup, pipeline, function: key, label: `${pipeline}/${key}` });
    }
  }
  if (sources.size === 0) {
    throw new NotDeployedError(`No function is deployed in ${deployment.env}.`, {
      hint: "Deploy a pipeline first (npx edp deploy), or name a log group with --log-group.",
    });
  }
  return [...sources.values()];
}

function splitOnce(target: string): [string, string | undefined] {
  const at = target.indexOf("/");
  return at === -1 ? [target, undefined] : [target.slice(0, at), target.slice(at + 1)];
}

/** `local` is the running engine, unless a flag says where else to look. */
async function placeOfGroups(
  { placed, logGroups }: TailOptions,
  context: Context,
): Promise<Omit<LogPlace, "sources">> {
  const region = regionOfArn(logGroups[0]);
  if (context.env === LOCAL_ENV && !placed && region === undefined) {
    const { findEngine, localDeployment } = await import("../local/control.ts");
    if (!(await findEngine(context.directory))) {
      throw new NotDeployedError("The local engine is not running.", {
        hint: "Start it (npx edp deploy); for a log group on AWS give --region, --profile or --endpoint-url.",
      });
    }
    return localDeployment(context.directory);
  }
  const endpoint = context.endpointUrl ?? null;
  return {
    // `local` is only the default of --env: these are reached with the user's credentials.
    env: context.env === LOCAL_ENV ? "aws" : context.env,
    endpoint,
    region: region ?? (await resolveRegion(context, endpoint)),
  };
}

/** The region of a group that is named by its ARN. */
function regionOfArn(group: string | undefined): string | undefined {
  return /^arn:[^:]+:logs:([^:]+):/.exec(group ?? "")?.[1];
}
