import { type Context, LOCAL_ENV } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { Deployment } from "../topology/deployment.ts";

/** `https://sqs.<region>.amazonaws.com/<account>/<name>`, in every partition; FIPS and dual-stack names too. */
const AWS_HOST = /^sqs(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws)$/;
/** Region of the local engine and of emulators, where the user names none. */
const EMULATOR_REGION = "us-east-1";

/** Where a queue lies that is given by its URL: what SDK clients need, no deployed environment. */
export type QueuePlace = Pick<Deployment, "env" | "endpoint" | "region">;

/**
 * Reads from a queue's URL where it lies. A host that isn't AWS's is the endpoint itself: the local engine, or an
 * emulator.
 * @throws UsageError where the text is no queue URL
 */
export function placeOfQueue(queueUrl: string, context: Context): QueuePlace {
  const url = URL.canParse(queueUrl) ? new URL(queueUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || !/^\/[^/]+\/[^/]+$/.test(url.pathname)) {
    throw new UsageError(`${JSON.stringify(queueUrl)} is no queue URL.`, {
      hint: "Give it as AWS shows it: https://sqs.<region>.amazonaws.com/<account>/<name>",
    });
  }
  const region = AWS_HOST.exec(url.hostname)?.[1];
  if (region === undefined) {
    return {
      env: context.env,
      endpoint: context.endpointUrl ?? url.origin,
      region: context.region ?? EMULATOR_REGION,
    };
  }
  // `local` is only the default of --env: a queue at AWS is reached with the user's credentials.
  const env = context.env === LOCAL_ENV ? "aws" : context.env;
  return { env, endpoint: context.endpointUrl ?? null, region };
}
