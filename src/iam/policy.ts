import type { Packaging } from "../build/packaging.ts";
import type { Kind, Pipeline } from "../topology/types.ts";
import { apiAccount } from "./apis.ts";
import type { Condition, Grant, Grants, Scope } from "./grant.ts";
import { pushImages } from "./images.ts";
import { lookAround } from "./observability.ts";
import { RESOURCE_TYPES, resourceTypes } from "./resource-types.ts";
import { emptyBuckets, stateBackend } from "./s3.ts";
import { lookIntoStreams } from "./streams.ts";
import { emptyTables } from "./tables.ts";

/** Characters of a managed policy, white space not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const MANAGED_POLICY_LIMIT = 6144;

/** Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export interface PolicyDocument {
  Version: "2012-10-17";
  Statement: Statement[];
}

export interface Statement {
  Sid: string;
  Effect: "Allow";
  Action: string[];
  Resource: string[];
  Condition?: Condition;
}

export interface Policy {
  /** Proposed name of the managed policy. */
  name: string;
  /** Its size as IAM counts it, in characters. */
  characters: number;
  document: PolicyDocument;
}

/**
 * The least that a user needs who deploys these pipelines to one environment, asks for its status and destroys
 * it: as many managed policies as their size limit makes of it, to be attached together.
 * @throws UsageError when `backend` is none.
 */
export function deployerPolicies(
  pipelines: readonly Pipeline[],
  scope: Scope,
  backend: string | undefined,
  packaging: Packaging = "zip",
): Policy[] {
  const types = [...resourceTypes(pipelines, packaging)].map((type) => {
    const grants = RESOURCE_TYPES[type];
    if (!grants) throw new Error(`no permissions are known for ${type}`);
    return grants;
  });
  const of = (kind: Kind, grants: Grants) =>
    pipelines.some((pipeline) => Object.keys(pipeline[kind]).length > 0) ? [grants] : [];
  const byKind = [...of("apis", apiAccount), ...of("tables", emptyTables), ...of("streams", lookIntoStreams)];
  const images = packaging === "image" ? [pushImages] : [];
  const grants = [...types, ...images, ...byKind, emptyBuckets, lookAround].flatMap((make) => make(scope));
  const statements = toStatements([...grants, ...stateBackend(scope, backend)]);
  const parts = split(statements);
  return parts.map((document, index) => ({
    name: `${scope.project}-${scope.env}-deploy${parts.length === 1 ? "" : `-${index + 1}`}`,
    characters: size(document),
    document,
  }));
}

/** Joins what is allowed on the same resources under the same condition; the first statement id stays. */
function toStatements(grants: readonly Grant[]): Statement[] {
  const joined = new Map<string, Grant & { actions: string[] }>();
  for (const grant of grants) {
    const key = JSON.stringify([grant.resources, grant.condition ?? null]);
    const known = joined.get(key);
    if (known) known.actions.push(...grant.actions);
    else joined.set(key, { ...grant, actions: [...grant.actions] });
  }
  const sids = new Set<string>();
  return [...joined.values()].map(({ sid, actions, resources, condition }) => ({
    Sid: unique(sids, sid),
    Effect: "Allow",
    Action: [...new Set(actions)].sort(),
    Resource: [...resources],
    ...(condition ? { Condition: condition } : {}),
  }));
}

function unique(taken: Set<string>, sid: string): string {
  let free = sid;
  for (let number = 2; taken.has(free); number++) free = `${sid}${number}`;
  taken.add(free);
  return free;
}

/** Fills one document after the other, in order. A statement is far smaller than a document. */
function split(statements: readonly Statement[]): PolicyDocument[] {
  const documents: PolicyDocument[] = [];
  for (const statement of statements) {
    const last = documents.at(-1);
    const longer = last && { ...last, Statement: [...last.Statement, statement] };
    if (longer && size(longer) <= MANAGED_POLICY_LIMIT) documents[documents.length - 1] = longer;
    else documents.push({ Version: "2012-10-17", Statement: [statement] });
  }
  return documents;
}

function size(document: PolicyDocument): number {
  return JSON.stringify(document).replace(/\s/g, "").length;
}
