import { formatPath, type JsonPath } from "./faults.ts";

export interface JsonPlaces {
  /** Line (from 1) where the value at a formatted path, or its key, begins. */
  lines: Map<string, number>;
  /** Keys that occur twice in one object: JSON.parse silently keeps the last. */
  duplicates: JsonPath[];
}

/** Strings, punctuation and everything else that is not white space; strings first, so that they stay whole. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|\n/g;

/** Finds the line of every value in a text that JSON.parse accepts, and keys given twice. */
export function locate(text: string): JsonPlaces {
  const places: JsonPlaces = { lines: new Map(), duplicates: [] };
  const open: { keys: Set<string> | null; next: string | number }[] = [];
  let line = 1;
  let expectsKey = false;
  const path = (): JsonPath => open.map(({ next }) => next);
  for (const [token] of text.matchAll(TOKEN)) {
    const inside = open.at(-1);
    if (token === "\n") line += 1;
    else if (token === "{" || token === "[") {
      mark();
      open.push({ keys: token === "{" ? new Set() : null, next: token === "{" ? "" : 0 });
      expectsKey = token === "{";
    } else if (token === "}" || token === "]") {
      open.pop();
      expectsKey = false;
    } else if (token === "," && inside) {
      if (inside.keys) expectsKey = true;
      else inside.next = Number(inside.next) + 1;
    } else if (expectsKey && inside?.keys) {
      inside.next = JSON.parse(token) as string;
      if (inside.keys.has(inside.next)) places.duplicates.push(path());
      inside.keys.add(inside.next);
      expectsKey = false;
      mark();
    } else if (token !== ":") mark();
  }
  return places;

  /** The first mark of a path is its key's, which is where a reader looks. */
  function mark(): void {
    const place = formatPath(path());
    if (!places.lines.has(place)) places.lines.set(place, line);
  }
}
