import type { Context } from "../context.ts";

/** Accepted by every emulator; AWS refuses them. */
const DUMMY = { accessKeyId: "test", secretAccessKey: "test" };

/** Any of these means that the user has chosen credentials. */
const CREDENTIAL_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;

/**
 * Credentials for an emulator on this machine when the user has chosen none: it needs some to be signed with, and
 * the real ones of the default profile have no business there. Undefined for AWS and for any other host.
 */
export function emulatorCredentials(
  endpoint: string | null | undefined,
  context: Pick<Context, "profile" | "variables">,
): { accessKeyId: string; secretAccessKey: string } | undefined {
  if (!endpoint || !isLoopback(endpoint) || context.profile) return undefined;
  return CREDENTIAL_VARIABLES.some((name) => context.variables[name]) ? undefined : DUMMY;
}

/** Whether an endpoint is on this machine. */
export function isLoopback(endpoint: string): boolean {
  const { hostname } = new URL(endpoint);
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\./.test(hostname)
  );
}
