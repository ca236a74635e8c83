import { randomBytes } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { InvocationOutcome } from "../lambda/invocation.ts";
import { trace } from "../lambda/trace.ts";
import { AwsError, type ServiceRequest, type ServiceResponse } from "../service.ts";
import { corsHeaders, preflight } from "./cors.ts";
import type { ApiDeclaration, RouteDeclaration } from "./declaration.ts";
import { GatewayResponse } from "./gateway-response.ts";
import { type ApiKey, isValueOf } from "./keys.ts";
import { type Matched, matchRoute } from "./match.ts";
import { mediaType } from "./media-types.ts";
import { proxyAnswer } from "./proxy-answer.ts";
import { proxyEvent } from "./proxy-event.ts";
import { readPayload } from "./request-body.ts";
import { type BodyCheck, compileModel } from "./request-model.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { Usage } from "./usage.ts";

/** Longest wait for the function, in milliseconds: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
export const INTEGRATION_TIMEOUT_MS = 29_000;
/** Largest event of a synchronous invocation, in bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_EVENT_BYTES = 6 * 1024 * 1024;

export interface RestApiParts {
  clock: Clock;
  usage: Usage;
  invoke(functionName: string, payload: string, traceHeader: string): Promise<InvocationOutcome>;
  log(line: string): void;
}

type CheckedRoute = RouteDeclaration & { check: BodyCheck | undefined };

/** One deployed API: everything between a request and its answer. */
export class RestApi {
  readonly #bucket: TokenBucket;

  private constructor(
    readonly declaration: ApiDeclaration,
    readonly key: ApiKey,
    private readonly routes: CheckedRoute[],
    private readonly parts: RestApiParts,
  ) {
    this.#bucket = new TokenBucket(declaration.rateLimit, declaration.burstLimit, parts.clock.now());
  }

  /** @throws AwsError BadRequestException for a request model that is no JSON schema */
  static async open(declaration: ApiDeclaration, key: ApiKey, parts: RestApiParts): Promise<RestApi> {
    const routes = await Promise.all(
      declaration.routes.map(async (route) => ({ ...route, check: await checkOf(route) })),
    );
    return new RestApi(declaration, key, routes, parts);
  }

  /** Answers a request for the resource at `path`, percent-encoded, without the stage. */
  async answer(request: ServiceRequest, path: string): Promise<ServiceResponse> {
    const { clock } = this.parts;
    const time = clock.now();
    const traced = trace(time, single(request.headers["x-amzn-trace-id"]));
    const extendedRequestId = `${randomBytes(11).toString("base64").slice(0, 15)}=`;
    const response = await this.#respond(request, path, time, traced.header, extendedRequestId);
    return {
      ...response,
      headers: {
        "x-amzn-requestid": request.requestId,
        "x-amz-apigw-id": extendedRequestId,
        "x-amzn-trace-id": `Root=${traced.root}`,
        ...response.headers,
      },
    };
  }

  async #respond(
    request: ServiceRequest,
    path: string,
    time: number,
    traceHeader: string,
    extendedRequestId: string,
  ): Promise<ServiceResponse> {
    try {
      const asked = preflight(this.declaration, request, path);
      if (asked) return asked;
      const { route, pathParameters } = this.#match(request.method, path);
      const key = await this.#admit(route, request, time);
      const payload = await readPayload(request);
      if (mediaType(request.headers["content-type"]) === "application/json")
        route.check?.(payload.toString("utf8"));
      const api = this.declaration;
      const from = { api, route, path, pathParameters, request, payload, key, time };
      const event = JSON.stringify(proxyEvent({ ...from, extendedRequestId, traceHeader }));
      return await this.#integrate(route, event, traceHeader, request);
    } catch (error) {
      if (!(error instanceof GatewayResponse)) throw error;
      const { headers, ...rest } = error.response;
      return { ...rest, headers: { ...headers, ...corsHeaders(this.declaration, request.headers) } };
    }
  }

  #match(method: string, path: string): Matched<CheckedRoute> {
    try {
      const matched = matchRoute(this.routes, method, path);
      if (matched) return matched;
    } catch (error) {
      if (error instanceof URIError) throw new GatewayResponse("BAD_REQUEST");
      throw error;
    }
    throw new GatewayResponse("MISSING_AUTHENTICATION_TOKEN");
  }

  /** Checks key, rate and quota, in this order; what the rate refuses costs no quota. */
  async #admit(route: CheckedRoute, request: ServiceRequest, time: number): Promise<ApiKey | undefined> {
    const given = single(request.headers["x-api-key"]);
    const key = given !== undefined && isValueOf(this.key, given) ? this.key : undefined;
    if (route.apiKeyRequired && !key) throw new GatewayResponse("INVALID_API_KEY");
    if (!this.#bucket.take(time)) throw new GatewayResponse("THROTTLED");
    const { quotaPerDay } = this.declaration;
    const counted = key !== undefined && route.apiKeyRequired && quotaPerDay !== null;
    if (counted && !(await this.parts.usage.take(key.id, quotaPerDay, time))) {
      throw new GatewayResponse("QUOTA_EXCEEDED");
    }
    return key;
  }

  async #integrate(
    route: CheckedRoute,
    event: string,
    traceHeader: string,
    request: ServiceRequest,
  ): Promise<ServiceResponse> {
    if (Buffer.byteLength(event) > MAX_EVENT_BYTES) throw new GatewayResponse("REQUEST_TOO_LARGE");
    const { clock, log } = this.parts;
    const failed = (why: string) => log(`${this.declaration.name}: ${request.requestId}: ${why}`);
    let cancel = () => {};
    const timeout = new Promise<never>((_, reject) => {
      cancel = clock.after(INTEGRATION_TIMEOUT_MS, () => reject(new GatewayResponse("INTEGRATION_TIMEOUT")));
    });
    try {
      const outcome = await Promise.race([
        this.parts.invoke(route.functionName, event, traceHeader),
        timeout,
      ]);
      if (outcome.fault) {
        failed(`${route.functionName} failed: ${outcome.fault.errorType}`);
        throw new GatewayResponse("MALFORMED_ANSWER");
      }
      return proxyAnswer(outcome.payload, request.headers.accept, this.declaration.binaryMediaTypes);
    } catch (error) {
      if (error instanceof GatewayResponse) throw error;
      if (!(error instanceof AwsError)) throw error;
      // Throttled or gone: the caller can do nothing about it but try again.
      failed(`${route.functionName} was not invoked: ${error.code}`);
      throw new GatewayResponse("INTERNAL");
    } finally {
      cancel();
    }
  }
}

async function checkOf({ method, path, requestModel }: RouteDeclaration): Promise<BodyCheck | undefined> {
  if (requestModel === null) return undefined;
  try {
    return await compileModel(requestModel);
  } catch (error) {
    const what = `the request model of ${method} ${path} is no JSON schema (draft 4)`;
    throw new AwsError("BadRequestException", `${what}: ${(error as Error).message}`);
  }
}

/** The value of a header that is sent once. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
