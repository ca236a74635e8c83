import type { Fault } from "./faults.ts";
import { apiTrigger } from "./from.ts";
import type { ApiTrigger, Pipeline } from "./types.ts";

/** Integration timeout of a REST API: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
const MAX_TIMEOUT_SECONDS = 29;
/** Parts of letters, digits, `.`, `_`, `-` and `:`, or a variable: CreateResource, pathPart. */
const PATH = /^\/$|^(\/([A-Za-z0-9._:-]+|\{[A-Za-z0-9._-]+\}))+$/;

/** As deep as the HCL makes resources; API Gateway itself has no such limit. */
const MAX_PARTS = 4;

interface Route extends ApiTrigger {
  /** Key of the function. */
  key: string;
  timeoutSeconds: number;
}

/** What the routes of an API demand of each other, and an API of its routes. */
export function checkApis({ apis, functions }: Pipeline): Fault[] {
  const routes = Object.entries(functions).flatMap(([key, declared]): Route[] => {
    const trigger = apiTrigger(declared);
    return trigger ? [{ ...trigger, key, timeoutSeconds: declared.timeoutSeconds }] : [];
  });
  const idle = Object.keys(apis)
    .filter((key) => !routes.some(({ api }) => api === key))
    .map((key) => ({ path: ["apis", key], message: "no function is a route of it" }));
  const faults = routes.flatMap((route, index) => {
    const { key, api, timeoutSeconds } = route;
    const path = ["functions", key];
    const found: Fault[] = [];
    if (!Object.hasOwn(apis, api)) {
      found.push({ path: [...path, "from", "api"], message: `there is no API ${api}` });
    }
    if (timeoutSeconds > MAX_TIMEOUT_SECONDS) {
      const message = `must be at most ${MAX_TIMEOUT_SECONDS}: no API waits longer`;
      found.push({ path: [...path, "timeoutSeconds"], message });
    }
    const others = routes.slice(0, index).filter((earlier) => earlier.api === api);
    return [...found, ...checkPath(route, others)];
  });
  return [...idle, ...faults];
}

function checkPath({ key, method, path }: Route, others: readonly Route[]): Fault[] {
  const at = ["functions", key, "from", "path"];
  if (!PATH.test(path)) return [{ path: at, message: "must be parts such as /events or /events/{id}" }];
  const parts = path.split("/").filter(Boolean).length;
  if (parts > MAX_PARTS) return [{ path: at, message: `has ${parts} parts, there is room for ${MAX_PARTS}` }];
  const twin = others.find((other) => other.method === method && other.path === path);
  if (twin)
    return [{ path: at, message: `${method} ${path} is the route of the function ${twin.key} already` }];
  const sibling = others.find((other) => variablesDiffer(other.path, path));
  if (!sibling) return [];
  // A resource has one variable part below it at most, whatever its methods are.
  return [{ path: at, message: `calls a part otherwise than ${sibling.path} does` }];
}

/** Whether two paths are equal up to a part that is a variable in both, of different names. */
function variablesDiffer(one: string, other: string): boolean {
  const ours = one.split("/");
  const theirs = other.split("/");
  const first = ours.findIndex((part, index) => part !== theirs[index]);
  return Boolean(ours[first]?.startsWith("{") && theirs[first]?.startsWith("{"));
}
