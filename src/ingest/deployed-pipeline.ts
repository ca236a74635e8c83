import { NotDeployedError } from "../errors.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";

/** The pipeline that a run is sent to. @throws NotDeployedError */
export function deployedPipeline(deployment: Deployment, name: string): DeployedPipeline {
  const deployed = deployment.pipelines[name];
  if (deployed) return deployed;
  throw new NotDeployedError(`The pipeline ${name} is not deployed in ${deployment.env}.`, {
    hint: `Deploy it first: npx edp deploy ${name}${deployment.env === "local" ? "" : ` --env ${deployment.env}`}`,
  });
}
