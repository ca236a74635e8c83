import { isEntity } from "./entities.ts";

/** The parts of an error body of the Web API or of the token endpoint. */
export interface ApiError {
  status: number | null;
  message: string;
  /** E.g. `QUOTA_EXCEEDED`. */
  reason: string | null;
}

/**
 * Recognises an error body: `{error: {status, message, reason?}}` of the Web API, or
 * `{error, error_description}` of the token endpoint (RFC 6749, section 5.2).
 * https://developer.spotify.com/documentation/web-api/concepts/api-calls#response-error
 */
export function parseApiError(body: unknown): ApiError | null {
  if (!isEntity(body)) return null;
  const { error, error_description: description } = body;
  if (typeof error === "string") {
    return {
      status: null,
      message: `${error}${description ? `: ${String(description)}` : ""}`,
      reason: null,
    };
  }
  if (!isEntity(error)) return null;
  const { status, message, reason } = error;
  return {
    status: typeof status === "number" ? status : null,
    message: typeof message === "string" ? message : "without a message",
    reason: typeof reason === "string" ? reason : null,
  };
}

/** An error body in one line, e.g. `API error 401: The access token expired`; null for any other body. */
export function apiErrorReason(body: unknown): string | null {
  const error = parseApiError(body);
  if (!error) return null;
  const status = error.status === null ? "" : ` ${error.status}`;
  const reason = error.reason === null ? "" : ` (${error.reason})`;
  return `API error${status}: ${error.message}${reason}`;
}
