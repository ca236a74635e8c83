import { partitionOf } from "../aws/regions.ts";

/** Which deployment a policy is for. */
export interface Scope {
  project: string;
  env: string;
  /** Region code, or `*` for any. */
  region: string;
  /** Twelve digits, or `*`: a policy only ever reaches the account it is attached in. */
  account: string;
}

export type Condition = Record<string, Record<string, string | string[]>>;

/** Actions of one service that are allowed on the same resources under the same condition. */
export interface Grant {
  /** Statement id: letters and digits, what the statement is about. */
  sid: string;
  actions: readonly string[];
  resources: readonly string[];
  condition?: Condition;
}

/** What one Terraform resource type, or edp itself, needs in a scope. */
export type Grants = (scope: Scope) => Grant[];

/** First part of every physical name, with the hyphen that ends it, so that `acme-dev` is not `acme-devel`. */
export function namePrefix({ project, env }: Scope): string {
  return `${project}-${env}-`;
}

/** An ARN in the scope; services without regions or accounts in their ARNs leave those parts empty. */
export function arn(
  { region, account }: Scope,
  service: string,
  resource: string,
  { regional = true, owned = true } = {},
): string {
  const { name } = partitionOf(region);
  return `arn:${name}:${service}:${regional ? region : ""}:${owned ? account : ""}:${resource}`;
}

/** Prefixes each action with its service. */
export function actions(service: string, names: string): string[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => `${service}:${name}`);
}
