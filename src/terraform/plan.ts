import { EdpError, EXIT } from "../errors.ts";
import { type Drift, readDrift } from "./drift.ts";

export type PlanAction = "create" | "update" | "replace" | "delete";

/** One resource that a plan changes. */
export interface PlannedChange {
  address: string;
  type: string;
  action: PlanAction;
  /** Pipeline it belongs to; null for what the environment shares. */
  pipeline: string | null;
  /** Attributes before and after; what is known after apply only is absent. */
  before: Attributes | null;
  after: Attributes | null;
}

/** A resource as it will be; what is known after apply only is absent. */
export interface PlannedResource {
  type: string;
  values: Attributes;
}

export type Attributes = Record<string, unknown>;

export interface Plan {
  changes: PlannedChange[];
  /** Whether outputs change though no resource does. */
  outputsChange: boolean;
  /** Resources after the apply. */
  resources: PlannedResource[];
  /** What was changed outside of edp since the last apply, and what the plan sets right. */
  drift: Drift[];
}

export type Totals = Record<PlanAction, number>;

/** What edp reads of `terraform show -json`. */
export interface PlanJson {
  format_version?: string;
  resource_changes?: ResourceChange[];
  resource_drift?: ResourceChange[];
  output_changes?: Record<string, { actions?: string[] }>;
  planned_values?: { root_module?: ModuleValues };
}

export interface ResourceChange {
  address: string;
  mode?: string;
  type: string;
  action_reason?: string;
  change: {
    actions: string[];
    before: Attributes | null;
    after: Attributes | null;
    before_sensitive?: unknown;
    after_sensitive?: unknown;
  };
}

interface ModuleValues {
  resources?: { mode?: string; type: string; values?: Attributes }[];
  child_modules?: ModuleValues[];
}

/**
 * Reads the output of `terraform show -json PLANFILE`.
 * https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
 * @param pipelines names to sort changes by, see {@link pipelineOf}.
 */
export function parsePlan(text: string, pipelines: readonly string[]): Plan {
  const json = JSON.parse(text) as PlanJson;
  if (!json.format_version?.startsWith("1.")) {
    throw new EdpError(
      "TERRAFORM_FORMAT",
      EXIT.terraform,
      `Terraform's plan has format ${json.format_version ?? "unknown"}; edp reads 1.x.`,
      {
        hint: "Use a newer edp, or an older Terraform (EDP_TERRAFORM).",
      },
    );
  }
  return {
    changes: (json.resource_changes ?? []).flatMap((change) => readChange(change, pipelines)),
    outputsChange: Object.values(json.output_changes ?? {}).some(({ actions }) =>
      actions?.some((one) => one !== "no-op"),
    ),
    resources: plannedResources(json.planned_values?.root_module),
    drift: readDrift(json, (address, attributes) => pipelineOf(address, attributes, pipelines)),
  };
}

function readChange(
  { address, mode, type, change }: ResourceChange,
  pipelines: readonly string[],
): PlannedChange[] {
  const action = readAction(change.actions);
  if (mode === "data" || !action) return [];
  const { before, after } = change;
  return [
    { address, type, action, pipeline: pipelineOf(address, after ?? before, pipelines), before, after },
  ];
}

function readAction(actions: readonly string[]): PlanAction | undefined {
  if (actions.length === 2) return "replace";
  const [action] = actions;
  return action === "create" || action === "update" || action === "delete" ? action : undefined;
}

function plannedResources(module: ModuleValues | undefined): PlannedResource[] {
  const own = (module?.resources ?? []).filter(({ mode }) => mode !== "data");
  return [
    ...own.map(({ type, values = {} }) => ({ type, values })),
    ...(module?.child_modules ?? []).flatMap(plannedResources),
  ];
}

/**
 * The pipeline of a resource: its `pipeline` tag, else the first instance key of its address that is a pipeline's
 * name, alone or before a separator (`module.queue["spotify/landed"]`).
 */
export function pipelineOf(
  address: string,
  attributes: Attributes | null,
  pipelines: readonly string[],
): string | null {
  const tags = attributes?.tags_all ?? attributes?.tags;
  const tagged = typeof tags === "object" && tags !== null ? (tags as Attributes).pipeline : undefined;
  if (typeof tagged === "string" && pipelines.includes(tagged)) return tagged;
  for (const [, key] of address.matchAll(/\["([^"]+)"\]/g)) {
    const name = key?.split(/[/.:]/)[0];
    if (name !== undefined && pipelines.includes(name)) return name;
  }
  // A key like "spotify-landed": the longest name wins, since one pipeline's name may begin another's.
  const byLength = [...pipelines].sort((a, b) => b.length - a.length);
  for (const [, key] of address.matchAll(/\["([^"]+)"\]/g)) {
    const name = byLength.find((one) => key?.startsWith(`${one}-`));
    if (name) return name;
  }
  return null;
}

/** How many resources are added, changed, replaced and destroyed. */
export function totals(changes: readonly PlannedChange[]): Totals {
  const sum: Totals = { create: 0, update: 0, replace: 0, delete: 0 };
  for (const { action } of changes) sum[action]++;
  return sum;
}

/** Changes by pipeline, in the given order; what is shared comes last. */
export function byPipeline(changes: readonly PlannedChange[]): Map<string | null, PlannedChange[]> {
  const groups = new Map<string | null, PlannedChange[]>();
  const order = [...changes].sort(
    (a, b) => compare(a.pipeline, b.pipeline) || a.address.localeCompare(b.address),
  );
  for (const change of order) groups.set(change.pipeline, [...(groups.get(change.pipeline) ?? []), change]);
  return groups;
}

function compare(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  return b === null ? -1 : a.localeCompare(b);
}

/** `3 to add, 1 to change`; what is zero is left out. */
export function describeTotals(sum: Totals): string {
  const words = {
    create: "to add",
    update: "to change",
    replace: "to replace",
    delete: "to destroy",
  } as const;
  const parts = (Object.keys(words) as PlanAction[])
    .filter((action) => sum[action] > 0)
    .map((action) => `${sum[action]} ${words[action]}`);
  return parts.length > 0 ? parts.join(", ") : "no changes";
}
