import type { Context } from "../context.ts";
import { CredentialsError, EdpError, EXIT, UsageError } from "../errors.ts";
import type { Clients } from "./clients.ts";

/** Region for emulators when none is given; they don't care. */
const EMULATOR_REGION = "us-east-1";

/**
 * The region to act in: flag, variable or configuration, else that of the AWS profile.
 * @throws UsageError when nothing names one.
 */
export async function resolveRegion(context: Context, endpointUrl: string | null): Promise<string> {
  if (context.region) return context.region;
  const { STSClient } = await import("@aws-sdk/client-sts");
  const client = new STSClient(context.profile ? { profile: context.profile } : {});
  try {
    return await client.config.region();
  } catch (cause) {
    if (endpointUrl !== null) return EMULATOR_REGION;
    throw new UsageError("No AWS region is chosen.", {
      cause,
      hint: "Give --region, set AWS_REGION, or put `region` into edp.config.json (npx edp init).",
    });
  } finally {
    client.destroy();
  }
}

/**
 * The account that the credentials belong to (STS GetCallerIdentity, which needs no permission).
 * @throws CredentialsError when they are missing, refused or expired; EdpError UNREACHABLE (exit 7).
 */
export async function callerAccount(
  clients: Clients,
  endpointUrl: string | null,
): Promise<{ accountId: string; arn: string }> {
  const { GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
  try {
    const { Account, Arn } = await (await clients.sts()).send(new GetCallerIdentityCommand({}));
    return { accountId: Account ?? "", arn: Arn ?? "" };
  } catch (error) {
    throw explain(error as Error, endpointUrl);
  }
}

function explain(error: Error, endpointUrl: string | null): EdpError {
  const expired = /Expired|expired/.test(`${error.name} ${error.message}`);
  if (expired) {
    return new CredentialsError(`The AWS credentials have expired: ${error.message}`, {
      code: "CREDENTIALS_EXPIRED",
      cause: error,
      hint: "Sign in again (aws sso login, or fresh access keys), then repeat the command.",
    });
  }
  if (
    /CredentialsProviderError|could not be found|Could not load credentials/i.test(
      `${error.name} ${error.message}`,
    )
  ) {
    return new CredentialsError(`No AWS credentials: ${error.message}`, {
      code: "CREDENTIALS_MISSING",
      cause: error,
      hint: "Give a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    });
  }
  if ("$metadata" in error && (error.$metadata as { httpStatusCode?: number }).httpStatusCode !== undefined) {
    return new CredentialsError(`AWS refuses the credentials: ${error.message}`, {
      code: "CREDENTIALS_INVALID",
      cause: error,
      hint: "Check --profile, AWS_PROFILE and the AWS_ variables of the shell.",
    });
  }
  return new EdpError(
    "UNREACHABLE",
    EXIT.notDeployed,
    `${endpointUrl ?? "AWS"} does not answer: ${error.message || (error as NodeJS.ErrnoException).code}`,
    {
      cause: error,
      hint:
        endpointUrl === null
          ? "Check the network and --region."
          : "Start the emulator, or correct --endpoint-url.",
    },
  );
}
