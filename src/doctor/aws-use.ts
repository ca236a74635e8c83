import { listProfiles } from "../aws/profiles.ts";
import { type Context, LOCAL_ENV } from "../context.ts";

/** Whether AWS matters to this project, and why; a newcomer who only runs the local engine need not see red. */
export interface AwsUse {
  /** `required`: the settings lead there. `optional`: credentials exist. `none`: neither. */
  level: "required" | "optional" | "none";
  reason: string;
  /** Whether the SDK would find credentials without asking the network. */
  hasCredentials: boolean;
}

/** Variables that lead the SDK's default chain to credentials: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html */
const CREDENTIAL_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/** Judges the settings. `asked`: the command line names a profile, region or endpoint. */
export async function awsUse(context: Context, asked: boolean): Promise<AwsUse> {
  const { config, variables } = context;
  const hasCredentials =
    CREDENTIAL_VARIABLES.some((name) => variables[name]) ||
    context.profile !== undefined ||
    (await listProfiles(variables)).size > 0;
  const required = (reason: string): AwsUse => ({ level: "required", reason, hasCredentials });
  if (context.env !== LOCAL_ENV) return required(`the environment ${context.env} is on AWS`);
  if (asked) return required("the command line names AWS settings");
  if (config.profile ?? config.region ?? config.endpointUrl) return required("edp.config.json leads to AWS");
  if (config.backend?.startsWith("s3://")) return required("the state backend is on S3");
  if (hasCredentials) return { level: "optional", reason: "AWS credentials exist", hasCredentials };
  const reason = "not needed for the local engine, and no AWS credentials were found";
  return { level: "none", reason, hasCredentials };
}
