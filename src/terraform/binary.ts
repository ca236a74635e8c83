import path from "node:path";
import { execa } from "execa";
import { EdpError, EXIT } from "../errors.ts";
import { findExecutable } from "../find-executable.ts";

/** Oldest version edp runs: 1.10 brought `use_lockfile` of the S3 backend, to Terraform as to OpenTofu. */
export const MINIMUM_VERSION = "1.10.0";

/** Milliseconds `terraform version` may take. */
const VERSION_TIMEOUT_MS = 20_000;

export interface TerraformBinary {
  path: string;
  product: "terraform" | "tofu";
  version: string;
}

/**
 * Finds Terraform: `EDP_TERRAFORM` (a path or a name on the PATH), else `terraform`, else `tofu`.
 * @throws EdpError TERRAFORM_MISSING or TERRAFORM_TOO_OLD (exit 5).
 */
export async function findTerraform(variables: NodeJS.ProcessEnv): Promise<TerraformBinary> {
  const chosen = variables.EDP_TERRAFORM;
  for (const name of chosen ? [chosen] : ["terraform", "tofu"]) {
    const file = await findExecutable(name, variables.PATH ?? "");
    if (file) return checkVersion(file, variables);
  }
  throw new EdpError(
    "TERRAFORM_MISSING",
    EXIT.terraform,
    chosen
      ? `EDP_TERRAFORM names ${chosen}, which is not an executable file.`
      : "Neither terraform nor tofu is on the PATH.",
    {
      hint: `Install Terraform or OpenTofu >= ${MINIMUM_VERSION} (https://developer.hashicorp.com/terraform/install), or name it in EDP_TERRAFORM.`,
    },
  );
}

async function checkVersion(file: string, variables: NodeJS.ProcessEnv): Promise<TerraformBinary> {
  const result = await execa(file, ["version", "-json"], {
    env: { ...variables, CHECKPOINT_DISABLE: "1" },
    extendEnv: false,
    reject: false,
    timeout: VERSION_TIMEOUT_MS,
    stdin: "ignore",
  });
  const version = parseVersion(result.stdout);
  if (!version) {
    throw new EdpError(
      "TERRAFORM_MISSING",
      EXIT.terraform,
      `${file} does not tell its version: ${result.stderr || result.shortMessage || "no output"}`,
      {
        hint: "Check that EDP_TERRAFORM or the PATH leads to Terraform or OpenTofu.",
      },
    );
  }
  const product = path.basename(file).startsWith("tofu") ? "tofu" : "terraform";
  if (compareVersions(version, MINIMUM_VERSION) < 0) {
    throw new EdpError(
      "TERRAFORM_TOO_OLD",
      EXIT.terraform,
      `${file} is ${product} ${version}; edp needs ${MINIMUM_VERSION} or newer.`,
      {
        hint: "Install a newer one, or name another in EDP_TERRAFORM.",
      },
    );
  }
  return { path: file, product, version };
}

/** The version in the output of `terraform version -json`; OpenTofu uses the same key. */
export function parseVersion(output: string): string | undefined {
  try {
    const { terraform_version: version } = JSON.parse(output) as { terraform_version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Orders `1.10.0` after `1.9.8`; what follows a `-` (alpha, rc) counts as that version. */
export function compareVersions(left: string, right: string): number {
  const parts = (version: string) => version.split("-")[0]?.split(".").map(Number) ?? [];
  const [a, b] = [parts(left), parts(right)];
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
