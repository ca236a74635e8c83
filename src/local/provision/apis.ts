import { apiTrigger } from "../../topology/from.ts";
import type { RouteDeclaration } from "../apigateway/declaration.ts";
import { type Declared, type KindOnEngine, nameOf } from "./site.ts";

/** APIs, each with its key, its usage plan and the routes to the functions that take from it. */
export const apis: KindOnEngine = {
  async provision(site) {
    for (const [key, api] of Object.entries(site.pipeline.apis)) {
      await site.services.apigateway.deployApi({
        ...api,
        name: nameOf(site.names.apis, key),
        routes: routesOf(site, key),
        corsOrigins: site.request.corsAllowedOrigins ?? [],
        binaryMediaTypes: [],
      });
    }
  },
  names: ({ names }) => Object.values(names.apis),
  async remove({ apigateway }, names) {
    for (const name of names) await apigateway.removeApi(name);
  },
};

function routesOf({ pipeline, names }: Declared, api: string): RouteDeclaration[] {
  return Object.entries(pipeline.functions).flatMap(([key, declared]) => {
    const trigger = apiTrigger(declared);
    if (trigger?.api !== api) return [];
    const { method, path, apiKeyRequired, requestModel } = trigger;
    return [{ method, path, apiKeyRequired, requestModel, functionName: nameOf(names.functions, key) }];
  });
}
