import { KINDS, type Pipeline } from "../../topology/types.ts";
import type { DeployRequest } from "../engine.ts";
import { AwsError } from "../service.ts";
import type { Services } from "../services.ts";
import { addressBook } from "./address-book.ts";
import { ON_ENGINE, PROVISION_ORDER } from "./kinds.ts";
import { declare } from "./site.ts";

/**
 * Creates or updates everything a pipeline declares.
 * @throws AwsError NotSupported, before anything is made, for what the engine has no service for
 */
export async function provision(
  services: Services,
  pipeline: Pipeline,
  request: Pick<DeployRequest, "project" | "zips" | "awsTiming" | "corsAllowedOrigins">,
  endpoint: string,
): Promise<void> {
  refuseUnsupported(pipeline);
  const declared = declare(pipeline, request.project);
  // Functions know the database's port from their environment, before the server starts.
  await services.postgres.declare(Object.values(declared.names.databases));
  const addresses = addressBook(pipeline, request.project, endpoint, (name) => services.postgres.place(name));
  const site = { ...declared, services, addresses, request };
  for (const kind of PROVISION_ORDER) await ON_ENGINE[kind]?.provision(site);
}

function refuseUnsupported(pipeline: Pipeline): void {
  const unsupported = KINDS.filter((kind) => ON_ENGINE[kind] === null).flatMap((kind) =>
    Object.keys(pipeline[kind]).map((key) => `${kind}.${key}`),
  );
  if (unsupported.length === 0) return;
  throw new AwsError(
    "NotSupported",
    `The pipeline ${pipeline.name} declares what the local engine can't run: ${unsupported.join(", ")}.`,
    501,
  );
}
