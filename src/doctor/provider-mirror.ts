import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { compareVersions, type TerraformBinary } from "../terraform/binary.ts";
import type { Finding } from "./check.ts";

/** The AWS provider that edp's HCL asks for. */
export const PROVIDER_CONSTRAINT = ">= 5.100, < 7";

const HOSTS: Record<TerraformBinary["product"], string> = {
  terraform: "registry.terraform.io",
  tofu: "registry.opentofu.org",
};

/**
 * Looks for the AWS provider where the CLI configuration has a `filesystem_mirror` or `network_mirror`, since
 * then the registry may not be asked at all. Undefined where no mirror is configured.
 * Source: https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
 */
export async function providerMirror(
  variables: NodeJS.ProcessEnv,
  product: TerraformBinary["product"],
): Promise<Finding | undefined> {
  const file = configFile(variables, product);
  const text = await readFile(file, "utf8").catch(() => "");
  const block = stripComments(text);
  const directories = [...block.matchAll(/filesystem_mirror\s*\{[^}]*?path\s*=\s*"([^"]+)"/g)].map((hit) =>
    String(hit[1]),
  );
  const direct = /\bdirect\s*\{/.test(block);
  for (const directory of directories) {
    const versions = await mirroredVersions(path.join(directory, HOSTS[product], "hashicorp", "aws"));
    const usable = versions.filter(satisfies).sort(compareVersions).at(-1);
    if (usable) return { status: "ok", message: `hashicorp/aws ${usable} in the mirror ${directory}` };
  }
  const network = /network_mirror\s*\{[^}]*?url\s*=\s*"([^"]+)"/.exec(block)?.[1];
  if (network && !direct) {
    return { status: "skipped", message: `it comes from the mirror ${network}; --deep tries it` };
  }
  if (directories.length === 0 || direct) return undefined;
  return {
    status: "fail",
    message: `no hashicorp/aws ${PROVIDER_CONSTRAINT} in the mirror ${directories.join(", ")} that ${file} names`,
    fix: "Put one there (terraform providers mirror), or add a `direct {}` block to that file.",
  };
}

function configFile(variables: NodeJS.ProcessEnv, product: TerraformBinary["product"]): string {
  const chosen =
    (product === "tofu" ? variables.TOFU_CLI_CONFIG_FILE : undefined) ?? variables.TF_CLI_CONFIG_FILE;
  return chosen || path.join(variables.HOME || homedir(), product === "tofu" ? ".tofurc" : ".terraformrc");
}

/** Versions in a mirror's two layouts: unpacked `5.100.0/`, packed `terraform-provider-aws_5.100.0_linux_amd64.zip`. */
async function mirroredVersions(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.flatMap(
    (name) => /^(?:terraform-provider-aws_)?(\d+\.\d+\.\d+)(?:_.*\.zip)?$/.exec(name)?.[1] ?? [],
  );
}

function satisfies(version: string): boolean {
  return compareVersions(version, "5.100.0") >= 0 && compareVersions(version, "7.0.0") < 0;
}

function stripComments(text: string): string {
  return text.replace(/^\s*(#|\/\/).*$/gm, "");
}
