import { access } from "node:fs/promises";
import path from "node:path";
import { resolveRegion } from "../aws/account.ts";
import { createClients } from "../aws/clients.ts";
import type { Context } from "../context.ts";
import { InvalidInputError, NotDeployedError } from "../errors.ts";
import { PIPELINES_DIRECTORY } from "../package-root.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";
import { loadPipelines } from "../topology/load.ts";
import { parseBackend } from "./backend.ts";
import { type EnvironmentPaths, environmentPaths } from "./paths.ts";
import { readRecord } from "./record.ts";
import { type EnvironmentOutputs, readState } from "./state.ts";
import { PIPELINES_FOLDER } from "./workspace.ts";

/**
 * The environment on AWS as its Terraform outputs describe it. Needs no Terraform, and AWS only for a state in S3.
 * @throws NotDeployedError when there is no state, or its first deploy has not come to an end.
 */
export async function awsDeployment(context: Context): Promise<Deployment> {
  const paths = environmentPaths(context.directory, context.env);
  const record = await readRecord(paths);
  const backend = parseBackend(record?.backend ?? context.config.backend ?? "local");
  const endpoint = context.endpointUrl ?? record?.endpointUrl ?? null;
  const region = backend.kind === "local" ? "" : (record?.region ?? (await resolveRegion(context, endpoint)));
  const clients = createClients({ env: context.env, endpoint, region }, context);
  try {
    const place = {
      project: record?.project ?? context.config.project,
      env: context.env,
      region,
      endpointUrl: endpoint,
    };
    const state = await readState(backend, place, paths.state, clients);
    if (!state) {
      throw new NotDeployedError(`The environment ${context.env} is not deployed.`, {
        hint: `Deploy it first: npx edp deploy --env ${context.env}`,
      });
    }
    if (!state.outputs) {
      throw new NotDeployedError(`The deploy of ${context.env} has not come to its end.`, {
        code: "HALF_DEPLOYED",
        hint: `Run it again: npx edp deploy --env ${context.env}`,
      });
    }
    const { accountId, region: deployedRegion } = state.outputs;
    const pipelines = await deployedPipelines(paths, state.outputs);
    return { env: context.env, endpoint, region: deployedRegion, accountId, pipelines };
  } finally {
    clients.close();
  }
}

/**
 * Joins the address books with the pipeline files that were deployed; with the shipped ones from another machine, or
 * where an earlier version wrote the copies, whose files had fewer fields.
 */
async function deployedPipelines(
  paths: EnvironmentPaths,
  { addresses }: EnvironmentOutputs,
): Promise<Record<string, DeployedPipeline>> {
  const copies = path.join(paths.work, PIPELINES_FOLDER);
  const deployed = await access(copies).then(
    () => loadPipelines([copies]).catch(ifInvalid([])),
    () => [],
  );
  const shipped = await loadPipelines([PIPELINES_DIRECTORY]);
  const byName = new Map([...shipped, ...deployed].map((topology) => [topology.name, topology]));
  const entries = Object.entries(addresses).map(([name, book]): [string, DeployedPipeline] => {
    const topology = byName.get(name);
    if (topology) return [name, { topology, addresses: book }];
    throw new NotDeployedError(`The deployed pipeline ${name} has no file in this edp.`, {
      hint: "Use the edp that deployed it.",
    });
  });
  return Object.fromEntries(entries);
}

function ifInvalid<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof InvalidInputError) return instead;
    throw error;
  };
}
