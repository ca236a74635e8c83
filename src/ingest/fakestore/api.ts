import type { Clients } from "../../aws/clients.ts";
import { userError } from "../../aws/errors.ts";
import { apiKeyValue } from "../../aws/rest-apis.ts";
import type { Context } from "../../context.ts";
import { CredentialsError, NotDeployedError } from "../../errors.ts";
import { awsError } from "../../lambda/shared/faults.ts";
import type { DeployedPipeline } from "../../topology/deployment.ts";

/** Keys of the API and of the bucket in `terraform/pipelines/fakestore.json`. */
const API = "store";
const LAKE = "lake";

/** Where events are posted to, and where they end. */
export interface EventApi {
  /** With the stage, no slash at the end. */
  url: string;
  /** Never logged. */
  key: string;
  /** Name of the bucket. */
  bucket: string;
}

/**
 * Finds a deployed pipeline's API and its key: EDP_API_KEY where it is set, else asked for by the key's id.
 * @throws NotDeployedError when the pipeline has no such API; CredentialsError when its key cannot be had
 */
export async function findApi(
  context: Context,
  deployed: DeployedPipeline,
  clients: Clients,
): Promise<EventApi> {
  const { apis, buckets } = deployed.addresses;
  const [api, lake] = [apis[API], buckets[LAKE]];
  if (!api || !lake) {
    throw new NotDeployedError(
      `The pipeline ${deployed.topology.name} has no API ${API} or no bucket ${LAKE}.`,
    );
  }
  const key = givenKey(context.variables.EDP_API_KEY) ?? (await askKey(context, api.apiKeyId, clients));
  return { url: api.url, key, bucket: lake.name };
}

async function askKey(context: Context, id: string, clients: Clients): Promise<string> {
  try {
    const value = await apiKeyValue(clients, id);
    if (value) return value;
  } catch (error) {
    if (awsError(error).status !== 404) throw userError(error, context.env) ?? error;
  }
  throw new CredentialsError(`The API key ${id} does not exist in ${context.env}.`, {
    code: "API_KEY",
    hint: "Deploy again, which makes the key anew; or set EDP_API_KEY to a key of the API's usage plan.",
  });
}

/** @throws CredentialsError for what no header can hold */
function givenKey(variable: string | undefined): string | undefined {
  const key = variable?.trim();
  if (key === undefined || key === "") return undefined;
  if (/^[!-~]+$/.test(key)) return key;
  throw new CredentialsError("EDP_API_KEY holds characters that no API key has.", { code: "API_KEY" });
}
