import { isDeepStrictEqual } from "node:util";
import type { Attributes, PlanJson, ResourceChange } from "./plan.ts";

/** A resource that somebody changed outside of edp, and that the next deploy would set right. */
export interface Drift {
  pipeline: string | null;
  /** Terraform address. */
  resource: string;
  change: "changed" | "deleted";
  /** What was changed; empty for a deleted one. */
  attributes: DriftedAttribute[];
}

export interface DriftedAttribute {
  name: string;
  /** As the last deploy left it, and as it is; null where it is unset, `(sensitive)` where Terraform hides it. */
  deployed: unknown;
  now: unknown;
}

const HIDDEN = "(sensitive)";

/**
 * What the refresh of a plan found to be changed by hand. A refresh also reports attributes that AWS merely fills in
 * (an empty list for a null), so only those count that the plan sets right.
 * https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
 */
export function readDrift(
  { resource_drift: drifted = [], resource_changes: changes = [] }: PlanJson,
  pipelineOf: (address: string, attributes: Attributes | null) => string | null,
): Drift[] {
  // A thing whose creation was interrupted is replaced, and nobody has touched it.
  const corrections = new Map(
    changes
      .filter(
        ({ change, action_reason: reason }) =>
          !change.actions.includes("no-op") && reason !== "replace_because_tainted",
      )
      .map((change) => [change.address, change]),
  );
  return drifted.flatMap((one): Drift[] => {
    const { address, change } = one;
    const correction = corrections.get(address);
    if (!correction) return [];
    const pipeline = pipelineOf(address, change.before);
    if (change.actions.includes("delete"))
      return [{ pipeline, resource: address, change: "deleted", attributes: [] }];
    const attributes = changedAttributes(one, correction);
    return attributes.length === 0 ? [] : [{ pipeline, resource: address, change: "changed", attributes }];
  });
}

/** Attributes that have changed since the last deploy and that the correction changes. */
function changedAttributes(drifted: ResourceChange, correction: ResourceChange): DriftedAttribute[] {
  const { before, after, before_sensitive: hiddenBefore, after_sensitive: hiddenAfter } = drifted.change;
  const corrected = new Set(differing(correction.change.before, correction.change.after));
  return differing(before, after)
    .filter((name) => corrected.has(name))
    .map((name) => ({
      name,
      deployed: isHidden(hiddenBefore, name) ? HIDDEN : (before?.[name] ?? null),
      now: isHidden(hiddenAfter, name) ? HIDDEN : (after?.[name] ?? null),
    }));
}

function differing(before: Attributes | null, after: Attributes | null): string[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names]
    .filter((name) => !isDeepStrictEqual(before?.[name] ?? null, after?.[name] ?? null))
    .sort();
}

/** Terraform marks hidden values with `true`, at any depth. */
function isHidden(marks: unknown, name: string): boolean {
  if (typeof marks !== "object" || marks === null) return marks === true;
  return JSON.stringify((marks as Attributes)[name] ?? false).includes("true");
}
