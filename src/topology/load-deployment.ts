import type { Context } from "../context.ts";
import { LOCAL_ENV } from "../context.ts";
import type { Deployment } from "./deployment.ts";

/**
 * The deployed environment that the context names: from the running engine for `local`, from Terraform's
 * outputs for any other.
 * @throws NotDeployedError when it is not deployed, or the engine does not answer.
 */
export async function loadDeployment(context: Context): Promise<Deployment> {
  if (context.env === LOCAL_ENV) {
    const { localDeployment } = await import("../local/control.ts");
    return localDeployment(context.directory);
  }
  const { awsDeployment } = await import("../terraform/deployment.ts");
  return awsDeployment(context);
}
