import { integer, type Members, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";

export function validation(message: string): AwsError {
  return new AwsError("ValidationException", message);
}

/** A string member that must be there. @throws AwsError ValidationException */
export function requiredText(input: Members, name: string): string {
  const value = text(input, name);
  if (value) return value;
  throw validation(
    `1 validation error detected: Value null at '${name[0]?.toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must not be null`,
  );
}

/** One page of a list by Limit and NextToken. */
export function paged<T>(all: readonly T[], input: Members): { page: T[]; NextToken?: string } {
  const start = Number(text(input, "NextToken") ?? 0);
  const limit = integer(input, "Limit") ?? 100;
  if (!Number.isSafeInteger(start) || start < 0) throw validation("Parameter NextToken is not valid.");
  if (limit < 1 || limit > 100) throw validation("Limit must be from 1 to 100.");
  const end = start + limit;
  return { page: all.slice(start, end), ...(end < all.length ? { NextToken: String(end) } : {}) };
}

/** Tags as EventBridge has them, `[{Key, Value}]`, as a map. */
export function tagMap(tags: Members[]): Record<string, string> {
  return Object.fromEntries(tags.map((tag) => [requiredText(tag, "Key"), text(tag, "Value") ?? ""]));
}
