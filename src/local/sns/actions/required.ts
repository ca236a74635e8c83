import { type Members, text } from "../../http/members.ts";
import { invalidParameter } from "../errors.ts";

/** Entries in one page of a list. */
const PAGE = 100;

/** A string member that must be there. @throws AwsError InvalidParameter */
export function requiredText(input: Members, name: string): string {
  const value = text(input, name);
  if (!value) throw invalidParameter(`${name} Reason: no value for required parameter`);
  return value;
}

/** One page by NextToken. */
export function paged<T>(all: readonly T[], input: Members): { page: T[]; NextToken: string | undefined } {
  const start = Number(text(input, "NextToken") ?? 0);
  if (!Number.isSafeInteger(start) || start < 0) throw invalidParameter("NextToken");
  const end = start + PAGE;
  return { page: all.slice(start, end), NextToken: end < all.length ? String(end) : undefined };
}
