import { json, page, type Route } from "../../http/rest-json.ts";
import type { FunctionVersion } from "../function.ts";
import { functionName } from "../function.ts";
import { functionConfiguration } from "./function-configuration.ts";
import { type InvokeTarget, invoke } from "./invoke.ts";

/** Largest page of ListFunctions. */
const MAX_FUNCTIONS = 50;

export interface FunctionDirectory extends InvokeTarget {
  all(): FunctionVersion[];
  /** @throws AwsError ResourceNotFoundException */
  get(name: string): FunctionVersion;
}

/** The operations on functions. Those that change them are known but not served: edp deploys them. */
export function functionRoutes(functions: FunctionDirectory): Route[] {
  const referred = (reference = "") => functions.get(functionName(reference));
  return [
    {
      operation: "Invoke",
      method: "POST",
      path: /^\/functions\/([^/]+)\/invocations$/,
      handle: async ([reference], request) =>
        invoke(functions, referred(reference).declaration.name, request),
    },
    {
      operation: "ListFunctions",
      method: "GET",
      path: /^\/functions$/,
      handle: async (_, { query }) => {
        const sorted = functions.all().sort((a, b) => (a.declaration.name < b.declaration.name ? -1 : 1));
        const [shown, next] = page(sorted, query, MAX_FUNCTIONS);
        return json({ Functions: shown.map(functionConfiguration), ...(next ? { NextMarker: next } : {}) });
      },
    },
    {
      operation: "GetFunction",
      method: "GET",
      path: /^\/functions\/([^/]+)$/,
      handle: async ([reference]) =>
        json({
          Configuration: functionConfiguration(referred(reference)),
          Code: { RepositoryType: "S3" },
          Tags: {},
        }),
    },
    {
      operation: "GetFunctionConfiguration",
      method: "GET",
      path: /^\/functions\/([^/]+)\/configuration$/,
      handle: async ([reference]) => json(functionConfiguration(referred(reference))),
    },
    { operation: "CreateFunction", method: "POST", path: /^\/functions$/ },
    { operation: "DeleteFunction", method: "DELETE", path: /^\/functions\/([^/]+)$/ },
    { operation: "UpdateFunctionCode", method: "PUT", path: /^\/functions\/([^/]+)\/code$/ },
    {
      operation: "UpdateFunctionConfiguration",
      method: "PUT",
      path: /^\/functions\/([^/]+)\/configuration$/,
    },
    { operation: "PutFunctionConcurrency", method: "PUT", path: /^\/functions\/([^/]+)\/concurrency$/ },
  ];
}
