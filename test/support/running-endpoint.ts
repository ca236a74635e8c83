/** Where the end-to-end test of an environment with Lambdas deploys to. */
export interface RunningEndpoint {
  /** Null for AWS itself. */
  url: string | null;
  /** Environment variables that `edp` gets. */
  variables: NodeJS.ProcessEnv;
}

/** Variables that lead to an account: never handed on unless somebody has asked for AWS. */
const ACCOUNT = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_PROFILE",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_REGION",
];

/**
 * An endpoint that runs Lambdas: `EDP_E2E_ENDPOINT` (an emulator), or a real account with `EDP_E2E_AWS=1`, which costs
 * some cents. Undefined where neither is set, with a line on stderr.
 */
export function runningEndpoint(variables: NodeJS.ProcessEnv = process.env): RunningEndpoint | undefined {
  if (variables.EDP_E2E_AWS === "1") {
    const account = Object.fromEntries(ACCOUNT.map((name) => [name, variables[name]]));
    return { url: null, variables: { ...account, HOME: variables.HOME } };
  }
  const url = variables.EDP_E2E_ENDPOINT;
  if (url) {
    return { url: url.replace(/\/$/, ""), variables: { AWS_ENDPOINT_URL: url, AWS_REGION: "us-east-1" } };
  }
  process.stderr.write(
    "EDP_E2E_ENDPOINT names no endpoint that runs Lambdas, EDP_E2E_AWS=1 allows no account: the end-to-end test there is skipped\n",
  );
  return undefined;
}
