import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { findTerraform, type TerraformBinary } from "../terraform/binary.ts";
import type { Check, Finding } from "./check.ts";
import { PROVIDER_CONSTRAINT, providerMirror } from "./provider-mirror.ts";
import { probeRegistry } from "./provider-registry.ts";

/** Milliseconds of `--deep`: the provider is a download of about 150 MB. */
const DEEP_TIMEOUT_MS = 300_000;

export const provider: Check = {
  name: "provider",
  aws: true,
  timeoutMs: ({ deep }) => (deep ? DEEP_TIMEOUT_MS : 10_000),
  async run({ context, deep }, signal) {
    const binary = await findTerraform(context.variables).catch(() => undefined);
    if (!binary) return { status: "skipped", message: "there is no Terraform to load it" };
    if (deep) return install(binary, context.variables, signal);
    const mirror = await providerMirror(context.variables, binary.product);
    return mirror ?? probeRegistry(binary.product, signal);
  },
};

/** Lets Terraform load the provider into a temporary directory, as `edp deploy` would. */
async function install(
  { path: binary, product }: TerraformBinary,
  variables: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Finding> {
  const directory = await mkdtemp(path.join(tmpdir(), "edp-doctor-"));
  try {
    await writeFile(
      path.join(directory, "versions.tf"),
      `terraform {\n  required_providers {\n    aws = {\n      source  = "hashicorp/aws"\n      version = "${PROVIDER_CONSTRAINT}"\n    }\n  }\n}\n`,
    );
    const result = await execa(binary, ["init", "-backend=false", "-input=false", "-no-color"], {
      cwd: directory,
      env: { ...variables, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1", TF_DATA_DIR: undefined },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      cancelSignal: signal,
    });
    const version = /Installed hashicorp\/aws v(\S+)/.exec(result.stdout)?.[1];
    if (result.exitCode === 0) return { status: "ok", message: `${product} loaded hashicorp/aws ${version}` };
    const why =
      /Error: ([\s\S]*?)(\n\n\n|$)/.exec(result.stderr)?.[1] ?? result.stderr ?? result.shortMessage;
    return {
      status: "fail",
      message: `${product} init could not load hashicorp/aws: ${unwrap(why)}`,
      fix: "Check the network and proxies, or name a provider mirror in TF_CLI_CONFIG_FILE.",
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Terraform breaks its messages into lines for a terminal. */
function unwrap(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
