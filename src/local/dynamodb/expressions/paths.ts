import { validation } from "../errors.ts";
import { type AttributeValue, attribute, type Item, setAttribute } from "../item/attribute-value.ts";
import { MAX_NESTING } from "../limits.ts";
import type { Placeholders } from "./placeholders.ts";
import type { Tokens } from "./tokens.ts";

/** Where a value lies in an item: an attribute's name, then names in maps and indexes in lists. */
export type Path = [string, ...(string | number)[]];

/** Reads `a.#b[3].c`. @throws AwsError ValidationException */
export function parsePath(tokens: Tokens, placeholders: Placeholders): Path {
  const path: Path = [placeholders.name(tokens)];
  for (;;) {
    if (tokens.accept(".")) path.push(placeholders.name(tokens));
    else if (tokens.accept("[")) {
      if (tokens.next.kind !== "number") throw tokens.unexpected();
      path.push(Number(tokens.take().text));
      tokens.expect("]");
    } else break;
  }
  if (path.length > MAX_NESTING) {
    throw tokens.invalid(`The document path has too many nesting elements; nesting levels: ${path.length}`);
  }
  return path;
}

/** The value at a path, if there is one. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  const [name, ...rest] = path;
  let value = attribute(item, name);
  for (const step of rest) value = value && childOf(value, step);
  return value;
}

/** What lies in a map under a name, or in a list at an index. */
export function childOf(value: AttributeValue, step: string | number): AttributeValue | undefined {
  if (typeof step === "number") return "L" in value ? value.L[step] : undefined;
  return "M" in value ? attribute(value.M, step) : undefined;
}

/** A path as errors show it: `[a, b, [3]]`. */
export function showPath(path: Path): string {
  return `[${path.map((step) => (typeof step === "number" ? `[${step}]` : step)).join(", ")}]`;
}

/**
 * Refuses two paths of which one leads into the other, or takes a value for both map and list.
 * @throws AwsError ValidationException
 */
export function refuseOverlaps(label: string, paths: readonly Path[]): void {
  for (const [index, path] of paths.entries()) {
    for (const other of paths.slice(0, index)) {
      const length = Math.min(path.length, other.length);
      const at = path.findIndex((step, depth) => depth < length && step !== other[depth]);
      if (at === -1) {
        throw validation(
          `Invalid ${label}: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: ${showPath(other)}, path two: ${showPath(path)}`,
        );
      }
      if (typeof path[at] !== typeof other[at]) {
        throw validation(
          `Invalid ${label}: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: ${showPath(other)}, path two: ${showPath(path)}`,
        );
      }
    }
  }
}

/** What of an item lies at these paths, in maps and lists as there; elements of a list move together. */
export function project(item: Item, paths: readonly Path[]): Item {
  const result: Item = {};
  for (const [name, rests] of grouped(paths.map((path) => [...path]))) {
    const value = typeof name === "string" ? attribute(item, name) : undefined;
    const part = value && partOf(value, rests);
    if (part) setAttribute(result, String(name), part);
  }
  return result;
}

function partOf(value: AttributeValue, rests: (string | number)[][]): AttributeValue | undefined {
  if (rests.some((rest) => rest.length === 0)) return value;
  const parts = [...grouped(rests)].flatMap(([step, deeper]): [string | number, AttributeValue][] => {
    const child = childOf(value, step);
    const part = child && partOf(child, deeper);
    return part ? [[step, part]] : [];
  });
  if (parts.length === 0) return undefined;
  if ("M" in value) return { M: Object.fromEntries(parts) };
  return { L: parts.sort(([a], [b]) => Number(a) - Number(b)).map(([, part]) => part) };
}

function grouped(paths: readonly (string | number)[][]): Map<string | number, (string | number)[][]> {
  const groups = new Map<string | number, (string | number)[][]>();
  for (const [step, ...rest] of paths) {
    if (step === undefined) continue;
    const group = groups.get(step);
    if (group) group.push(rest);
    else groups.set(step, [rest]);
  }
  return groups;
}
