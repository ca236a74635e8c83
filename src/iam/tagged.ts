import type { Condition, Scope } from "./grant.ts";

/**
 * Holds what has no name of its own to the environment by its tags.
 * @param key `aws:RequestTag` for what is created, `aws:ResourceTag` for what is there
 */
export function tagged({ project, env }: Scope, test: string, key: string): Condition {
  return { [test]: { [`${key}/project`]: project, [`${key}/env`]: env } };
}
