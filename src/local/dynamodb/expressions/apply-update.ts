import { validation } from "../errors.ts";
import { type AttributeValue, type Item, setAttribute } from "../item/attribute-value.ts";
import { add, subtract } from "../item/number.ts";
import { type Path, valueAt } from "./paths.ts";
import type { Source, Update } from "./update.ts";

const BAD_PATH = "The document path provided in the update expression is invalid for update";
const BAD_TYPE = "An operand in the update expression has an incorrect data type";
const MISSING = "The provided expression refers to an attribute that does not exist in the item";

/**
 * The item after an update. Every value is read from the item as it was; the item itself stays as it is.
 * @throws AwsError ValidationException when a path or a type in the item doesn't fit
 */
export function applyUpdate(update: Update, before: Item): Item {
  const item = structuredClone(before);
  // Sorted, so that several elements behind a list's end follow in their own order.
  for (const { path, to } of [...update.set].sort((a, b) => lastIndex(a.path) - lastIndex(b.path))) {
    put(item, path, sourceValue(to, before));
  }
  for (const { path, value } of update.add) put(item, path, sum(valueAt(before, path), value));
  for (const { path, value } of update.delete) {
    const present = valueAt(before, path);
    const rest = present && difference(present, value);
    if (rest) put(item, path, rest);
    else remove(item, path);
  }
  // From behind, so that an element's index stays what it was.
  for (const path of [...update.remove].sort((a, b) => lastIndex(b) - lastIndex(a))) remove(item, path);
  return item;
}

function lastIndex(path: Path): number {
  const last = path.at(-1);
  return typeof last === "number" ? last : 0;
}

function sourceValue(source: Source, item: Item): AttributeValue {
  switch (source.kind) {
    case "value":
      return source.value;
    case "path": {
      const value = valueAt(item, source.path);
      if (!value) throw validation(MISSING);
      return value;
    }
    case "if_not_exists":
      return valueAt(item, source.path) ?? sourceValue(source.otherwise, item);
    case "list_append": {
      const [first, second] = [sourceValue(source.first, item), sourceValue(source.second, item)];
      if (!("L" in first && "L" in second)) throw validation(BAD_TYPE);
      return { L: [...first.L, ...second.L] };
    }
    default: {
      const [left, right] = [sourceValue(source.left, item), sourceValue(source.right, item)];
      if (!("N" in left && "N" in right)) throw validation(BAD_TYPE);
      return { N: source.kind === "+" ? add(left.N, right.N) : subtract(left.N, right.N) };
    }
  }
}

/** The container that a path's last step names something in. @throws AwsError ValidationException */
function parentOf(item: Item, path: Path): AttributeValue {
  const parent = path.length === 1 ? { M: item } : valueAt(item, path.slice(0, -1) as Path);
  const fits = parent && (typeof path.at(-1) === "number" ? "L" in parent : "M" in parent);
  if (!fits) throw validation(BAD_PATH);
  return parent;
}

function put(item: Item, path: Path, value: AttributeValue): void {
  const parent = parentOf(item, path);
  const last = path.at(-1);
  // A copy: two paths may be set to one value, and changed further down.
  const own = structuredClone(value);
  if ("L" in parent) parent.L[Math.min(Number(last), parent.L.length)] = own;
  else if ("M" in parent) setAttribute(parent.M, String(last), own);
}

function remove(item: Item, path: Path): void {
  const parent = parentOf(item, path);
  const last = path.at(-1);
  if ("L" in parent) parent.L.splice(Number(last), 1);
  else if ("M" in parent) delete parent.M[String(last)];
}

function sum(present: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (!present) return value;
  if ("N" in present && "N" in value) return { N: add(present.N, value.N) };
  const [type, elements, added] = sets(present, value);
  return { [type]: [...new Set([...elements, ...added])] } as AttributeValue;
}

/** What is left of a set; undefined when nothing is. */
function difference(present: AttributeValue, value: AttributeValue): AttributeValue | undefined {
  const [type, elements, taken] = sets(present, value);
  const left = elements.filter((one) => !taken.includes(one));
  return left.length === 0 ? undefined : ({ [type]: left } as AttributeValue);
}

function sets(present: AttributeValue, value: AttributeValue): ["SS" | "NS" | "BS", string[], string[]] {
  if ("SS" in present && "SS" in value) return ["SS", present.SS, value.SS];
  if ("NS" in present && "NS" in value) return ["NS", present.NS, value.NS];
  if ("BS" in present && "BS" in value) return ["BS", present.BS, value.BS];
  throw validation(BAD_TYPE);
}
