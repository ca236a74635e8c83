import path from "node:path";
import { LOCAL_ENV } from "../context.ts";
import { UsageError } from "../errors.ts";

/** Same rule as `env` in edp.config.json: the name becomes a directory and a part of every physical name. */
const ENV_NAME = /^[a-z][a-z0-9-]{0,19}$/;

/** Where the Terraform side of one environment keeps its files, `.edp/<env>/` (0700). */
export interface EnvironmentPaths {
  root: string;
  /** Working directory of Terraform: HCL, pipeline files, zips, `.terraform/`. */
  work: string;
  /** State of the local backend. */
  state: string;
  /** What Terraform's local backend writes while it holds its lock. */
  stateLock: string;
  /** Plan files, each for one run only. */
  plans: string;
  /** Terraform's JSON streams, the newest of each operation. */
  logs: string;
  /** Who is changing this environment from this machine. */
  holder: string;
  /** What edp remembers of the environment: backend, endpoint, region. */
  record: string;
}

/**
 * Paths of an environment on AWS.
 * @throws UsageError for a name that is none, before it becomes part of a path.
 */
export function environmentPaths(directory: string, env: string): EnvironmentPaths {
  if (!ENV_NAME.test(env) || env === LOCAL_ENV) {
    throw new UsageError(`${JSON.stringify(env)} is not the name of an environment on AWS.`, {
      hint: "Use 1-20 lower-case letters, digits and -, starting with a letter.",
    });
  }
  const root = path.join(directory, ".edp", env);
  return {
    root,
    work: path.join(root, "work"),
    state: path.join(root, "terraform.tfstate"),
    stateLock: path.join(root, ".terraform.tfstate.lock.info"),
    plans: path.join(root, "plans"),
    logs: path.join(root, "logs"),
    holder: path.join(root, "holder.json"),
    record: path.join(root, "environment.json"),
  };
}
