import { readFile } from "node:fs/promises";
import * as v from "valibot";
import type { Clients } from "../aws/clients.ts";
import { InvalidInputError } from "../errors.ts";
import type { AddressBook } from "../topology/deployment.ts";
import { type Backend, type BackendPlace, formatBackend, stateKey } from "./backend.ts";
import type { Attributes } from "./plan.ts";

/** What edp reads from a Terraform state. Read directly, so that `status` and `tail` need no Terraform. */
export interface EnvironmentState {
  lineage: string;
  serial: number;
  /** Pipelines with resources or outputs in it: a deploy that stopped half-way has resources only. */
  pipelines: string[];
  /** Managed resources. */
  resources: StateResource[];
  /** Null until the first apply came to its end. */
  outputs: EnvironmentOutputs | null;
  /** The whole state as it was read. */
  text: string;
}

export interface StateResource {
  type: string;
  attributes: Attributes;
}

export interface EnvironmentOutputs {
  accountId: string;
  region: string;
  edpVersion: string | null;
  addresses: Record<string, AddressBook>;
  consoleLinks: Record<string, string>;
}

const output = <T extends v.GenericSchema>(value: T) => v.looseObject({ value });
const named = v.record(v.string(), v.looseObject({}));

/** Of a kind that earlier versions of edp didn't have. */
const laterKind = v.optional(named, {});

const StateSchema = v.looseObject({
  version: v.literal(4),
  lineage: v.string(),
  serial: v.number(),
  outputs: v.record(v.string(), v.looseObject({ value: v.unknown() })),
  resources: v.array(
    v.looseObject({
      mode: v.string(),
      type: v.string(),
      instances: v.array(v.looseObject({ attributes: v.nullish(v.record(v.string(), v.unknown()), {}) })),
    }),
  ),
});

const OutputsSchema = v.looseObject({
  account_id: output(v.string()),
  region: output(v.string()),
  edp_version: v.optional(output(v.nullable(v.string())), { value: null }),
  pipelines: output(
    v.record(
      v.string(),
      v.looseObject({
        buckets: named,
        topics: named,
        queues: named,
        tables: laterKind,
        databases: laterKind,
        streams: laterKind,
        deliveries: laterKind,
        functions: named,
        apis: laterKind,
        undelivered: v.looseObject({}),
      }),
    ),
  ),
  console_links: v.optional(output(v.record(v.string(), v.unknown())), { value: {} }),
});

/**
 * Reads a state of format 4, which Terraform and OpenTofu write since 0.12.
 * @param place file or object, for messages.
 * @returns undefined for a state without resources and outputs, which a destroy leaves behind.
 * @throws InvalidInputError when it is damaged, encrypted, or of another format.
 */
export function parseState(text: string, place: string): EnvironmentState | undefined {
  if (text.trim() === "") return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw broken(place, "it is not JSON", cause);
  }
  const state = v.safeParse(StateSchema, json);
  if (!state.success) throw broken(place, state.issues[0].message);
  const resources = state.output.resources
    .filter(({ mode }) => mode === "managed")
    .flatMap(({ type, instances }) =>
      instances.map(({ attributes }) => ({ type, attributes: attributes ?? {} })),
    );
  const outputs = readOutputs(state.output.outputs, place);
  if (resources.length === 0 && outputs === null) return undefined;
  const { lineage, serial } = state.output;
  return { text, lineage, serial, resources, outputs, pipelines: pipelineNames(resources, outputs) };
}

function readOutputs(outputs: Record<string, unknown>, place: string): EnvironmentOutputs | null {
  if (outputs.pipelines === undefined) return null;
  const checked = v.safeParse(OutputsSchema, outputs);
  if (!checked.success) {
    const [issue] = checked.issues;
    throw broken(place, `output ${v.getDotPath(issue) ?? ""}: ${issue.message}`);
  }
  const { account_id, region, edp_version, pipelines, console_links } = checked.output;
  return {
    accountId: account_id.value,
    region: region.value,
    edpVersion: edp_version.value,
    addresses: pipelines.value as unknown as Record<string, AddressBook>,
    consoleLinks: Object.fromEntries(
      Object.entries(console_links.value).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string",
      ),
    ),
  };
}

function pipelineNames(resources: readonly StateResource[], outputs: EnvironmentOutputs | null): string[] {
  const names = new Set(Object.keys(outputs?.addresses ?? {}));
  for (const { attributes } of resources) {
    const { pipeline } = (attributes.tags_all ?? {}) as { pipeline?: unknown };
    if (typeof pipeline === "string") names.add(pipeline);
  }
  return [...names].sort();
}

function broken(place: string, why: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(`The Terraform state ${place} can't be read: ${why}.`, {
    code: "STATE_UNREADABLE",
    cause,
    hint: "Restore an earlier one: the local backend keeps terraform.tfstate.backup, the S3 bucket keeps every version.",
  });
}

/** Reads the state where the backend keeps it; undefined where there is none. */
export async function readState(
  backend: Backend,
  place: BackendPlace,
  localFile: string,
  clients: Clients,
): Promise<EnvironmentState | undefined> {
  if (backend.kind === "local") {
    const text = await readFile(localFile, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    return parseState(text, localFile);
  }
  const key = stateKey(backend, place.project, place.env);
  const { GetObjectCommand } = await import("@aws-sdk/client-s3");
  try {
    const { Body } = await (await clients.s3()).send(
      new GetObjectCommand({ Bucket: backend.bucket, Key: key }),
    );
    return parseState((await Body?.transformToString()) ?? "", `s3://${backend.bucket}/${key}`);
  } catch (error) {
    if (["NoSuchKey", "NoSuchBucket"].includes((error as Error).name)) return undefined;
    throw explainS3(error as Error, formatBackend(backend));
  }
}

function explainS3(error: Error, backend: string): Error {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  if (status !== 403) return error;
  return new InvalidInputError(`The state in ${backend} may not be read: ${error.message}`, {
    code: "ACCESS_DENIED",
    cause: error,
    hint: "Allow s3:GetObject and s3:ListBucket on it, or check --backend and the profile.",
  });
}
