import { type Dirent, existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { findTerraform } from "../../src/terraform/binary.ts";

/** Where a provider for this platform lies in a mirror: `<mirror>/registry.terraform.io/hashicorp/aws`. */
const PROVIDER = path.join("registry.terraform.io", "hashicorp", "aws");
/** How deep below these a mirror is looked for. */
const SEARCHED = [
  { directory: "/opt", depth: 3 },
  { directory: "/usr/local", depth: 4 },
  { directory: "/srv", depth: 3 },
  { directory: homedir(), depth: 4 },
];
const REGISTRY = "https://registry.terraform.io/.well-known/terraform.json";

export interface TerraformTools {
  /** Path of terraform or tofu. */
  binary: string;
  /** The shell's environment with what leads Terraform to the AWS provider. */
  env: NodeJS.ProcessEnv;
}

let found: Promise<TerraformTools | { missing: string }> | undefined;

/**
 * Terraform and a way to its AWS provider: a CLI configuration that exists, a mirror on this disk, or the
 * registry. Where there is none, says so on stderr and returns undefined, so that tests skip themselves; with
 * EDP_REQUIRE_TERRAFORM=1 that is an error.
 */
export async function terraformTools(): Promise<TerraformTools | undefined> {
  found ??= discover();
  const result = await found;
  if (!("missing" in result)) return result;
  if (process.env.EDP_REQUIRE_TERRAFORM === "1")
    throw new Error(`EDP_REQUIRE_TERRAFORM=1, but ${result.missing}`);
  process.stderr.write(`${result.missing}: tests with Terraform are skipped\n`);
  return undefined;
}

/** Runs Terraform to its end; a failure is returned, not thrown. */
export function runTerraform(tools: TerraformTools, cwd: string, args: readonly string[]) {
  return execa(tools.binary, args, {
    cwd,
    env: tools.env,
    extendEnv: false,
    reject: false,
    all: true,
    stdin: "ignore",
  });
}

async function discover(): Promise<TerraformTools | { missing: string }> {
  let binary: string;
  try {
    binary = (await findTerraform(process.env)).path;
  } catch (error) {
    return { missing: (error as Error).message };
  }
  const env: NodeJS.ProcessEnv = { ...process.env, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1" };
  const configured = env.TF_CLI_CONFIG_FILE;
  if (configured && existsSync(configured)) return { binary, env };
  const mirror = findMirror();
  if (mirror) return { binary, env: { ...env, TF_CLI_CONFIG_FILE: mirrorConfiguration(mirror) } };
  // Terraform warns about a file that isn't there.
  delete env.TF_CLI_CONFIG_FILE;
  if (await registryAnswers()) return { binary, env };
  return {
    missing:
      "there is no AWS provider on this disk and the Terraform registry can't be reached (EDP_TF_MIRROR names a mirror)",
  };
}

function findMirror(): string | undefined {
  const { EDP_TF_MIRROR: named, TF_PLUGIN_CACHE_DIR: cache, XDG_DATA_HOME: data } = process.env;
  const known = [
    named,
    cache,
    data && path.join(data, "terraform", "plugins"),
    path.join(homedir(), ".terraform.d", "plugins"),
    path.join(homedir(), ".terraform.d", "plugin-cache"),
    path.join(homedir(), ".local", "share", "terraform", "plugins"),
    path.join(homedir(), "Library", "Application Support", "io.terraform", "plugins"),
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
  ];
  for (const directory of known) if (directory && holdsProvider(directory)) return directory;
  for (const { directory, depth } of SEARCHED) {
    const hit = searchMirror(directory, depth);
    if (hit) return hit;
  }
  return undefined;
}

function searchMirror(directory: string, depth: number): string | undefined {
  if (holdsProvider(directory)) return directory;
  if (depth === 0) return undefined;
  for (const entry of listDirectories(directory)) {
    const hit = searchMirror(path.join(directory, entry), depth - 1);
    if (hit) return hit;
  }
  return undefined;
}

function holdsProvider(directory: string): boolean {
  return existsSync(path.join(directory, PROVIDER));
}

function listDirectories(directory: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    // Not there, or not ours to read.
    return [];
  }
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && entry.name !== ".terraform")
    .map(({ name }) => name);
}

function mirrorConfiguration(mirror: string): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "edp-terraform-")), "terraform.rc");
  writeFileSync(
    file,
    `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(mirror)}
    include = ["registry.terraform.io/hashicorp/*"]
  }
}
`,
  );
  return file;
}

async function registryAnswers(): Promise<boolean> {
  try {
    return (await fetch(REGISTRY, { signal: AbortSignal.timeout(3_000) })).ok;
  } catch {
    // No network.
    return false;
  }
}
