import type { ServiceResponse } from "../service.ts";

/**
 * What the gateway itself answers: status, message and the header `x-amzn-ErrorType`, as
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html has them.
 */
const RESPONSES = {
  BAD_REQUEST: [400, "Bad Request", "BadRequestException"],
  BAD_REQUEST_BODY: [400, "Invalid request body", "BadRequestException"],
  MISSING_AUTHENTICATION_TOKEN: [403, "Missing Authentication Token", "MissingAuthenticationTokenException"],
  INVALID_API_KEY: [403, "Forbidden", "ForbiddenException"],
  REQUEST_TOO_LARGE: [413, "Request Too Long", "RequestTooLongException"],
  UNSUPPORTED_MEDIA_TYPE: [415, "Unsupported Media Type", "UnsupportedMediaTypeException"],
  THROTTLED: [429, "Too Many Requests", "TooManyRequestsException"],
  QUOTA_EXCEEDED: [429, "Limit Exceeded", "LimitExceededException"],
  INTERNAL: [500, "Internal server error", "InternalServerErrorException"],
  MALFORMED_ANSWER: [502, "Internal server error", "InternalServerErrorException"],
  STARTING: [503, "Service Unavailable", "ServiceUnavailableException"],
  INTEGRATION_TIMEOUT: [504, "Endpoint request timed out", "InternalServerErrorException"],
} as const;

export type GatewayResponseType = keyof typeof RESPONSES;

/** Ends a request before, or in place of, the function's answer. */
export class GatewayResponse extends Error {
  constructor(
    readonly type: GatewayResponseType,
    /** Reason shown to the caller beside the message: `error`. */
    readonly reason?: string,
  ) {
    super(RESPONSES[type][1]);
    this.name = "GatewayResponse";
  }

  get response(): ServiceResponse {
    const [status, message, errorType] = RESPONSES[this.type];
    const error = this.reason === undefined ? {} : { error: this.reason };
    return {
      status,
      headers: {
        "content-type": "application/json",
        "x-amzn-errortype": errorType,
        // AWS has no such state; the engine has it for a moment after it was started anew.
        ...(this.type === "STARTING" ? { "retry-after": "1" } : {}),
      },
      body: JSON.stringify({ message, ...error }),
    };
  }
}
