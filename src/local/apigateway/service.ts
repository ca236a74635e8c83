import path from "node:path";
import { failRest, handleRest } from "../http/rest-json.ts";
import type { InvocationOutcome } from "../lambda/invocation.ts";
import type { MetricsSink } from "../lambda/sinks.ts";
import type { EngineParts, Service, ServiceRequest, ServiceResponse } from "../service.ts";
import { allowsOrigin } from "./cors.ts";
import { type ApiDeclaration, apiId } from "./declaration.ts";
import { GatewayResponse } from "./gateway-response.ts";
import { invokeAddress } from "./invoke-address.ts";
import { ApiKeys } from "./keys.ts";
import { managementRoutes } from "./management.ts";
import { RestApi } from "./rest-api.ts";
import { Usage } from "./usage.ts";

export interface ApiGatewayDependencies {
  /** Lambda's synchronous invocation. */
  lambda: { invoke(name: string, payload: string, traceHeader: string): Promise<InvocationOutcome> };
  metrics: MetricsSink;
}

/** API Gateway of the local engine. As a service it is the API that describes APIs; `invocations` are the APIs' own. */
export interface ApiGatewayService extends Service {
  invocations: Service;
  /** Creates or replaces an API; its key and what was used of its quota stay. @throws AwsError BadRequestException */
  deployApi(declaration: ApiDeclaration): Promise<void>;
  /** Deletes an API with its key; none of this name is no error. */
  removeApi(name: string): Promise<void>;
}

const REST = { name: "apigateway", made: "APIs are made" };

/** Opens API Gateway on `<data directory>/apigateway/`. The APIs come with the first deployment. */
export async function createApiGateway(
  parts: EngineParts,
  { lambda, metrics }: ApiGatewayDependencies,
): Promise<ApiGatewayService> {
  const directory = path.join(parts.dataDirectory, "apigateway");
  const [keys, usage] = await Promise.all([ApiKeys.open(directory), Usage.open(directory)]);
  const apis = new Map<string, RestApi>();
  const { clock, log } = parts;
  const routes = managementRoutes({ all: () => [...apis.values()], usage });

  const answer = async (request: ServiceRequest): Promise<ServiceResponse> => {
    const address = invokeAddress(request.headers, request.path);
    const api = address && apis.get(address.apiId);
    if (!address || api?.declaration.stage !== address.stage) {
      const starting = keys.all().some(({ name }) => apiId(name) === address?.apiId) && !api;
      return new GatewayResponse(starting ? "STARTING" : "INVALID_API_KEY").response;
    }
    const started = clock.now();
    const response = await api.answer(request, address.path);
    const measure = (metric: string, value: number) =>
      metrics.record("AWS/ApiGateway", metric, { ApiName: api.declaration.name }, value, started);
    measure("Count", 1);
    measure("4XXError", response.status >= 400 && response.status < 500 ? 1 : 0);
    measure("5XXError", response.status >= 500 ? 1 : 0);
    measure("Latency", clock.now() - started);
    return response;
  };

  return {
    handle: (request) => handleRest(REST, routes, request),
    fail: (error) => failRest(error),
    close: async () => {
      await keys.close();
      await usage.close();
    },
    invocations: {
      handle: answer,
      // What the engine itself refuses, a page of another site, has its own words.
      fail: (error) =>
        error.status === 403
          ? {
              status: 403,
              headers: { "content-type": "application/json" },
              body: JSON.stringify({ message: error.message }),
            }
          : new GatewayResponse("INTERNAL").response,
      allowsOrigin: ({ headers, path: requestPath }, origin) => {
        const api = apis.get(invokeAddress(headers, requestPath)?.apiId ?? "");
        return api !== undefined && allowsOrigin(api.declaration, origin);
      },
      close: async () => {},
    },
    deployApi: async (declaration) => {
      const key = await keys.ensure(declaration.name, clock.now());
      const invoke = (name: string, payload: string, traceHeader: string) =>
        lambda.invoke(name, payload, traceHeader);
      apis.set(apiId(declaration.name), await RestApi.open(declaration, key, { clock, usage, invoke, log }));
    },
    removeApi: async (name) => {
      const api = apis.get(apiId(name));
      apis.delete(apiId(name));
      await keys.remove(name);
      if (api) await usage.remove(api.key.id);
    },
  };
}
