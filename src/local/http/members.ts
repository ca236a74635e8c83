import { AwsError } from "../service.ts";

/** Members of a request, as a JSON body has them; the query protocol is turned into the same shape. */
export type Members = Record<string, unknown>;

/** Builds the error for a member of the wrong type. Services differ in code only. */
function wrongType(name: string, expected: string): AwsError {
  return new AwsError("SerializationException", `${name} must be ${expected}`);
}

/** An optional string member. @throws AwsError SerializationException for another type. */
export function text(members: Members, name: string): string | undefined {
  const value = members[name] ?? undefined;
  if (value !== undefined && typeof value !== "string") throw wrongType(name, "a string");
  return value;
}

/** An optional integer member; digits in a string count too, as the query protocol sends them. */
export function integer(members: Members, name: string): number | undefined {
  const value = members[name] ?? undefined;
  if (value === undefined) return undefined;
  const number = typeof value === "string" && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw wrongType(name, "an integer");
  return number;
}

/** An optional boolean member; `"true"` and `"false"` count too. */
export function flag(members: Members, name: string): boolean | undefined {
  const value = members[name] ?? undefined;
  if (value === undefined || typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  throw wrongType(name, "a boolean");
}

/** A list member; absent is empty. */
export function list(members: Members, name: string): unknown[] {
  const value = members[name] ?? [];
  if (!Array.isArray(value)) throw wrongType(name, "a list");
  return value;
}

/** A list of strings; absent is empty. */
export function texts(members: Members, name: string): string[] {
  const values = list(members, name);
  if (!values.every((value) => typeof value === "string")) throw wrongType(name, "a list of strings");
  return values as string[];
}

/** A list of structures; absent is empty. */
export function structures(members: Members, name: string): Members[] {
  const values = list(members, name);
  if (!values.every(isStructure)) throw wrongType(name, "a list of structures");
  return values as Members[];
}

/** An optional structure or map member. */
export function structure(members: Members, name: string): Members | undefined {
  const value = members[name] ?? undefined;
  if (value !== undefined && !isStructure(value)) throw wrongType(name, "a structure");
  return value as Members | undefined;
}

/** A map of strings; absent is empty. */
export function textMap(members: Members, name: string): Record<string, string> {
  const map = structure(members, name) ?? {};
  if (!Object.values(map).every((value) => typeof value === "string")) {
    throw wrongType(name, "a map of strings");
  }
  return map as Record<string, string>;
}

function isStructure(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
