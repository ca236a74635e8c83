import { UsageError } from "../errors.ts";

/** Where the state lies. */
export type Backend =
  | { kind: "local" }
  /** One object under `<prefix>/<project>/<env>/`, locked by a `.tflock` object beside it. */
  | { kind: "s3"; bucket: string; prefix: string };

/** General-purpose bucket names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads `local` or `s3://bucket/prefix`.
 * @throws UsageError for anything else.
 */
export function parseBackend(text: string): Backend {
  if (text === "local") return { kind: "local" };
  const match = /^s3:\/\/([^/]+)\/?(.*?)\/?$/.exec(text);
  const [, bucket, prefix = ""] = match ?? [];
  if (bucket === undefined || !BUCKET_NAME.test(bucket)) {
    throw new UsageError(`${JSON.stringify(text)} is not a state backend.`, {
      hint: "Give `local`, or `s3://bucket/prefix` with the name of a bucket.",
    });
  }
  return { kind: "s3", bucket, prefix };
}

export function formatBackend(backend: Backend): string {
  return backend.kind === "local"
    ? "local"
    : `s3://${backend.bucket}${backend.prefix ? `/${backend.prefix}` : ""}`;
}

/** Key of an environment's state object. */
export function stateKey(backend: { prefix: string }, project: string, env: string): string {
  return [backend.prefix, project, env, "terraform.tfstate"].filter(Boolean).join("/");
}

/** Key of the object that is there while the state is locked (`use_lockfile`). */
export function lockKey(backend: { prefix: string }, project: string, env: string): string {
  return `${stateKey(backend, project, env)}.tflock`;
}

export interface BackendPlace {
  project: string;
  env: string;
  region: string;
  endpointUrl: string | null;
}

/**
 * The `terraform` block that names the backend, in HCL's JSON syntax. Relative paths only, so that a moved project
 * directory is the same backend; no credentials, they come from the environment.
 * https://developer.hashicorp.com/terraform/language/backend/s3
 */
export function backendBlock(backend: Backend, place: BackendPlace): object {
  if (backend.kind === "local")
    return { terraform: { backend: { local: { path: "../terraform.tfstate" } } } };
  const emulator =
    place.endpointUrl === null
      ? {}
      : {
          endpoints: { s3: place.endpointUrl, sts: place.endpointUrl, iam: place.endpointUrl },
          use_path_style: true,
          skip_credentials_validation: true,
          skip_requesting_account_id: true,
          skip_metadata_api_check: true,
          skip_region_validation: true,
          skip_s3_checksum: true,
        };
  return {
    terraform: {
      backend: {
        s3: {
          bucket: backend.bucket,
          key: stateKey(backend, place.project, place.env),
          region: place.region,
          encrypt: true,
          use_lockfile: true,
          ...emulator,
        },
      },
    },
  };
}
