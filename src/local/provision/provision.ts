import type { Pipeline } from "../../topology/types.ts";
import type { DeployRequest } from "../engine.ts";
import type { Services } from "../services.ts";
import { addressBook } from "./address-book.ts";
import { ON_ENGINE, PROVISION_ORDER } from "./kinds.ts";
import { declare } from "./site.ts";

/** Creates or updates everything a pipeline declares. */
export async function provision(
  services: Services,
  pipeline: Pipeline,
  request: Pick<DeployRequest, "project" | "zips" | "awsTiming" | "corsAllowedOrigins">,
  endpoint: string,
): Promise<void> {
  const declared = declare(pipeline, request.project);
  // Functions know the database's port from their environment, before the server starts.
  await services.postgres.declare(Object.values(declared.names.databases));
  const addresses = addressBook(pipeline, request.project, endpoint, (name) => services.postgres.place(name));
  const site = { ...declared, services, addresses, request };
  for (const kind of PROVISION_ORDER) await ON_ENGINE[kind].provision(site);
}
