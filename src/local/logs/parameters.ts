import { integer, type Members, text } from "../http/members.ts";
import { AwsError } from "../service.ts";
import { FilterPatternError, type Matcher } from "./filter-pattern/matcher.ts";
import { filterPattern } from "./filter-pattern.ts";
import { type LogGroup, type LogGroups, logGroupName } from "./log-groups.ts";

/** Error of a member with a value that the API doesn't take. */
export function invalid(message: string): AwsError {
  return new AwsError("InvalidParameterException", message);
}

/** A string member that must be there. @throws AwsError InvalidParameterException */
export function required(members: Members, name: string): string {
  const value = text(members, name);
  if (value === undefined || value === "") throw invalid(`${name} is missing`);
  return value;
}

/** The group that `logGroupName` or `logGroupIdentifier` (name or ARN) names. @throws AwsError ResourceNotFoundException */
export function namedGroup(groups: LogGroups, members: Members): LogGroup {
  const identifier = text(members, "logGroupIdentifier");
  return groups.get(identifier === undefined ? required(members, "logGroupName") : logGroupName(identifier));
}

/** The filter pattern in a member; everything matches where there is none. @throws AwsError InvalidParameterException */
export function pattern(members: Members, name: string): Matcher {
  try {
    return filterPattern(text(members, name) ?? "");
  } catch (error) {
    if (error instanceof FilterPatternError) throw invalid(`Invalid filter pattern: ${error.message}`);
    throw error;
  }
}

/** `limit`, from 1 to `most`. @throws AwsError InvalidParameterException */
export function limit(members: Members, most: number, standard = most): number {
  const value = integer(members, "limit") ?? standard;
  if (value < 1 || value > most) throw invalid(`limit must be from 1 to ${most}, and is ${value}`);
  return value;
}

/** One page of a list whose `nextToken` says how many to pass over. */
export function page<T>(
  items: readonly T[],
  members: Members,
  size: number,
): { items: T[]; nextToken?: string } {
  const token = text(members, "nextToken");
  const from = token === undefined ? 0 : Number(Buffer.from(token, "base64url").toString("latin1"));
  if (!Number.isSafeInteger(from) || from < 0) throw invalid("The specified nextToken is invalid.");
  const next = from + size;
  return {
    items: items.slice(from, next),
    ...(next < items.length ? { nextToken: Buffer.from(String(next)).toString("base64url") } : {}),
  };
}
