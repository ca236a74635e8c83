import { json, type Route } from "../http/rest-json.ts";
import { AwsError } from "../service.ts";
import { apiId, deploymentId, resourceId, usagePlanId } from "./declaration.ts";
import type { RestApi } from "./rest-api.ts";
import { dayOf, type Usage } from "./usage.ts";

const DAY_MS = 86_400_000;

export interface ApiDirectory {
  all(): RestApi[];
  usage: Usage;
}

/**
 * What the API Gateway API tells of APIs, keys and usage plans; they are made by edp deploy.
 * https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html
 */
export function managementRoutes({ all, usage }: ApiDirectory): Route[] {
  const byId = (id: string | undefined, idOf: (api: RestApi) => string, what: string): RestApi => {
    const found = all().find((api) => idOf(api) === id);
    if (found) return found;
    throw new AwsError("NotFoundException", `Invalid ${what} identifier specified`, 404);
  };
  const api = (id: string | undefined) => byId(id, ({ declaration }) => apiId(declaration.name), "API");
  const plan = (id: string | undefined) =>
    byId(id, ({ declaration }) => usagePlanId(declaration.name), "Usage Plan");
  const key = (id: string | undefined) => byId(id, (one) => one.key.id, "API Key");
  const get = (
    operation: string,
    path: RegExp,
    handle: (...ids: string[]) => (query: URLSearchParams) => object,
  ) => ({
    operation,
    method: "GET",
    path,
    handle: async (ids: readonly string[], { query }: { query: URLSearchParams }) =>
      json(handle(...ids)(query)),
  });
  return [
    get("GetRestApis", /^\/restapis$/, () => () => ({ item: all().map(restApi) })),
    get("GetRestApi", /^\/restapis\/([^/]+)$/, (id) => () => restApi(api(id))),
    get("GetStages", /^\/restapis\/([^/]+)\/stages$/, (id) => () => ({ item: [stage(api(id))] })),
    get("GetStage", /^\/restapis\/([^/]+)\/stages\/([^/]+)$/, (id, name) => () => {
      const found = api(id);
      if (found.declaration.stage === name) return stage(found);
      throw new AwsError("NotFoundException", "Invalid stage identifier specified", 404);
    }),
    get("GetResources", /^\/restapis\/([^/]+)\/resources$/, (id) => () => ({ item: resources(api(id)) })),
    get("GetApiKeys", /^\/apikeys$/, () => (query) => {
      const named = query.get("name") ?? query.get("nameQuery") ?? "";
      const found = all().filter((one) => one.key.name.startsWith(named));
      return { item: found.map((one) => apiKey(one, query.get("includeValues") === "true")) };
    }),
    get(
      "GetApiKey",
      /^\/apikeys\/([^/]+)$/,
      (id) => (query) => apiKey(key(id), query.get("includeValue") === "true"),
    ),
    get("GetUsagePlans", /^\/usageplans$/, () => () => ({ item: all().map(usagePlan) })),
    get("GetUsagePlan", /^\/usageplans\/([^/]+)$/, (id) => () => usagePlan(plan(id))),
    get("GetUsagePlanKeys", /^\/usageplans\/([^/]+)\/keys$/, (id) => () => {
      const { id: keyId, name } = plan(id).key;
      return { item: [{ id: keyId, name, type: "API_KEY" }] };
    }),
    get("GetUsage", /^\/usageplans\/([^/]+)\/usage$/, (id) => (query) => usageOf(plan(id), usage, query)),
  ];
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

function restApi({ declaration, key }: RestApi): object {
  const { name, binaryMediaTypes } = declaration;
  return {
    id: apiId(name),
    name,
    createdDate: seconds(key.createdAt),
    apiKeySource: "HEADER",
    endpointConfiguration: { types: ["REGIONAL"] },
    binaryMediaTypes,
    disableExecuteApiEndpoint: false,
    tags: {},
  };
}

function stage({ declaration, key }: RestApi): object {
  const { name, stage: stageName, rateLimit, burstLimit } = declaration;
  return {
    stageName,
    deploymentId: deploymentId(name),
    createdDate: seconds(key.createdAt),
    lastUpdatedDate: seconds(key.createdAt),
    cacheClusterEnabled: false,
    methodSettings: { "*/*": { throttlingRateLimit: rateLimit, throttlingBurstLimit: burstLimit } },
    tracingEnabled: false,
  };
}

function resources({ declaration: { name, routes } }: RestApi): object[] {
  return [...new Set(routes.map(({ path }) => path))].map((path) => ({
    id: resourceId(name, path),
    path,
    pathPart: path.split("/").at(-1),
    resourceMethods: Object.fromEntries(
      routes.filter((route) => route.path === path).map(({ method }) => [method, {}]),
    ),
  }));
}

function apiKey({ declaration, key: { id, name, value, createdAt } }: RestApi, withValue: boolean): object {
  return {
    id,
    name,
    enabled: true,
    createdDate: seconds(createdAt),
    lastUpdatedDate: seconds(createdAt),
    stageKeys: [`${apiId(declaration.name)}/${declaration.stage}`],
    ...(withValue ? { value } : {}),
  };
}

function usagePlan({ declaration }: RestApi): object {
  const { name, stage: stageName, rateLimit, burstLimit, quotaPerDay } = declaration;
  return {
    id: usagePlanId(name),
    name,
    apiStages: [{ apiId: apiId(name), stage: stageName }],
    throttle: { rateLimit, burstLimit },
    ...(quotaPerDay === null ? {} : { quota: { limit: quotaPerDay, offset: 0, period: "DAY" } }),
  };
}

/** `items`: for each key a list of [used, remaining], one for each day. */
function usageOf({ declaration, key }: RestApi, usage: Usage, query: URLSearchParams): object {
  const startDate = query.get("startDate") ?? "";
  const endDate = query.get("endDate") ?? "";
  const [start, end] = [Date.parse(`${startDate}T00:00:00Z`), Date.parse(`${endDate}T00:00:00Z`)];
  if (!(start <= end)) {
    throw new AwsError(
      "BadRequestException",
      "startDate and endDate must be days (YYYY-MM-DD), in this order",
    );
  }
  const days = Array.from({ length: Math.round((end - start) / DAY_MS) + 1 }, (_, index) =>
    dayOf(start + index * DAY_MS),
  );
  const { quotaPerDay } = declaration;
  const wanted = query.get("keyId") ?? key.id;
  const used = days.map((day) => {
    const count = usage.used(key.id, day);
    return [count, quotaPerDay === null ? 0 : Math.max(0, quotaPerDay - count)];
  });
  return {
    usagePlanId: usagePlanId(declaration.name),
    startDate,
    endDate,
    values: wanted === key.id ? { [key.id]: used } : {},
  };
}
