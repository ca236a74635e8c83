import type { RouteDeclaration } from "./declaration.ts";

export interface Matched<R> {
  route: R;
  /** Decoded values of the path's parameters; null where it has none. */
  pathParameters: Record<string, string> | null;
}

/**
 * Finds the method of a resource for a path: fixed segments come before `{parameters}`, those before `{proxy+}`,
 * the method itself before `ANY`. A slash at the end counts for nothing.
 * @throws URIError for a path that is not valid percent-encoding
 */
export function matchRoute<R extends Pick<RouteDeclaration, "method" | "path">>(
  routes: readonly R[],
  method: string,
  path: string,
): Matched<R> | undefined {
  const given = segments(path).map(decodeURIComponent);
  const fitting = routes.flatMap((route) => {
    if (route.method !== method && route.method !== "ANY") return [];
    const fit = fitTo(segments(route.path), given);
    return fit ? [{ route, ...fit, rank: `${fit.rank}${route.method === "ANY" ? 1 : 0}` }] : [];
  });
  // Ranks are compared segment by segment, as resources are looked up from the root.
  const best = fitting.sort((a, b) => (a.rank < b.rank ? -1 : 1))[0];
  if (!best) return undefined;
  const { route, parameters } = best;
  return { route, pathParameters: Object.keys(parameters).length > 0 ? parameters : null };
}

function segments(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function fitTo(pattern: string[], given: string[]) {
  const parameters: Record<string, string> = {};
  let rank = "";
  for (const [index, segment] of pattern.entries()) {
    const value = given[index];
    if (value === undefined) return undefined;
    const name = /^\{(.+?)(\+?)\}$/.exec(segment);
    if (name?.[2]) {
      parameters[name[1] ?? ""] = given.slice(index).join("/");
      return { parameters, rank: `${rank}2` };
    }
    if (name) parameters[name[1] ?? ""] = value;
    else if (segment !== value) return undefined;
    rank += name ? "1" : "0";
  }
  return pattern.length === given.length ? { parameters, rank } : undefined;
}
