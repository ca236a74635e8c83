import { CredentialsError, EdpError, EXIT, NotDeployedError, UsageError } from "../errors.ts";

const THROTTLED = new Set([
  "ThrottlingException",
  "Throttling",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "LimitExceededException",
  "RequestThrottledException",
]);
const EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"]);
const REFUSED = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "IncompleteSignature",
  "MissingAuthenticationTokenException",
]);
const FORBIDDEN = new Set(["AccessDenied", "AccessDeniedException", "NotAuthorized"]);
/** Codes of Node's network errors that go by: the connection was there, or may come. */
const NETWORK = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** What kind of fault an SDK error is, as far as what to do about it goes. */
export type LogsFault = "throttled" | "unreachable" | "missing" | "final";

export function faultOf(error: unknown): LogsFault {
  if (!(error instanceof Error)) return "final";
  const { name } = error;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  if (THROTTLED.has(name) || status === 429) return "throttled";
  if (name === "ResourceNotFoundException") return "missing";
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (
    NETWORK.has(code) ||
    name === "TimeoutError" ||
    (status !== undefined && status >= 500 && status !== 501)
  )
    return "unreachable";
  return "final";
}

/** Whether a service says that it has no such action: an emulator without StartLiveTail. */
export function isUnsupported(error: unknown): boolean {
  const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  return (
    /^(UnsupportedOperation|UnknownOperation|NotImplemented|InvalidAction)/.test(name) ||
    $metadata?.httpStatusCode === 501 ||
    $metadata?.httpStatusCode === 404
  );
}

/**
 * The user's side of an error of CloudWatch Logs; undefined for one that is nobody's but edp's.
 * @param action the call that failed, e.g. `FilterLogEvents`
 * @param where what to do to go on where it stopped, for errors in the middle
 */
export function logsError(
  error: unknown,
  {
    action,
    group,
    endpoint,
    resume,
  }: { action: string; group: string; endpoint: string | null; resume?: string },
): EdpError | undefined {
  if (!(error instanceof Error)) return undefined;
  const detail = `${error.name}: ${error.message}`;
  const goOn = resume ? ` ${resume}` : "";
  if (EXPIRED.has(error.name) || (REFUSED.has(error.name) && /expired/i.test(error.message))) {
    return new CredentialsError(`The AWS credentials have expired.${goOn}`, {
      code: "CREDENTIALS_EXPIRED",
      hint: "Sign in again (aws sso login, or fresh access keys), then repeat the command.",
      cause: error,
    });
  }
  if (REFUSED.has(error.name)) {
    return new CredentialsError(`AWS refuses the credentials (${detail}).${goOn}`, {
      hint: "Sign in again, or choose other credentials with --profile.",
      cause: error,
    });
  }
  if (FORBIDDEN.has(error.name)) {
    return new CredentialsError(
      `These credentials may not read ${group}: logs:${action} is missing (${error.message}).${goOn}`,
      {
        code: "ACCESS_DENIED",
        hint: `Have logs:${action} on that log group granted, or choose other credentials with --profile.`,
        cause: error,
      },
    );
  }
  if (error.name === "InvalidParameterException" && /filter|pattern/i.test(error.message)) {
    return new UsageError(`CloudWatch refuses the --filter pattern: ${error.message}`, {
      hint: `Patterns are terms (ERROR -debug), JSON ({ $.level = "ERROR" }) or fields ([time, level = ERROR]).`,
      cause: error,
    });
  }
  if (error.name === "InvalidParameterException" || error.name === "ValidationException") {
    return new UsageError(`CloudWatch Logs refuses the request for ${group}: ${error.message}`, {
      hint: "Check the log group's name and the times.",
      cause: error,
    });
  }
  const fault = faultOf(error);
  if (fault === "unreachable") {
    return new NotDeployedError(
      `CloudWatch Logs does not answer${endpoint ? ` at ${endpoint}` : ""}: ${error.message || (error as NodeJS.ErrnoException).code}.${goOn}`,
      { code: "UNREACHABLE", hint: "Check the network, --region and --endpoint-url.", cause: error },
    );
  }
  if (fault === "throttled") {
    return new EdpError(
      "THROTTLED",
      EXIT.notDeployed,
      `CloudWatch Logs keeps throttling (${detail}).${goOn}`,
      {
        hint: "Name fewer functions, or use --live, which is not throttled.",
        cause: error,
      },
    );
  }
  return undefined;
}
