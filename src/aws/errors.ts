import { CredentialsError, type EdpError, NotDeployedError } from "../errors.ts";

/** Error names of S3 and STS for credentials that are missing, wrong or too old. */
const CREDENTIALS = new Set([
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
  "TokenRefreshRequired",
]);
const FORBIDDEN = new Set(["AccessDenied", "AccessDeniedException", "Forbidden"]);
const GONE = new Set(["NoSuchBucket", "QueueDoesNotExist"]);

/**
 * The user's side of an SDK error: credentials (exit 4), or a thing that is not deployed any more (exit 7).
 * Undefined for every other error.
 */
export function userError(error: unknown, env: string): EdpError | undefined {
  if (!(error instanceof Error)) return undefined;
  const detail = `${error.name}: ${error.message}`;
  if (CREDENTIALS.has(error.name)) {
    return new CredentialsError(`AWS refused the credentials (${detail})`, {
      hint: "Sign in again, or choose other credentials with --profile.",
      cause: error,
    });
  }
  if (FORBIDDEN.has(error.name)) {
    return new CredentialsError(`These credentials may not do that (${detail})`, {
      code: "ACCESS_DENIED",
      hint: "Choose other credentials with --profile, or have the missing permission granted.",
      cause: error,
    });
  }
  if (GONE.has(error.name)) {
    return new NotDeployedError(`The environment ${env} is not complete (${detail})`, {
      hint: `Deploy it again: npx edp deploy --env ${env}`,
      cause: error,
    });
  }
  return undefined;
}
