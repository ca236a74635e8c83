import { EnvHttpProxyAgent, request } from "undici";
import type { TerraformBinary } from "../terraform/binary.ts";
import type { Finding } from "./check.ts";

/** Registries of the two products; both speak the provider registry protocol. */
const REGISTRIES: Record<TerraformBinary["product"], string> = {
  terraform: "https://registry.terraform.io",
  tofu: "https://registry.opentofu.org",
};

/** Any version will do to see whether registry and download host answer. */
const PROBE = "/v1/providers/hashicorp/aws/5.100.0/download/linux/amd64";

/**
 * Asks the registry for one version's download address and its host for the head of that file: a company's
 * network may let one through and not the other. Honours HTTPS_PROXY, as Terraform does.
 * Source: https://developer.hashicorp.com/terraform/internals/provider-registry-protocol
 */
export async function probeRegistry(
  product: TerraformBinary["product"],
  signal: AbortSignal,
  registry = REGISTRIES[product],
): Promise<Finding> {
  const dispatcher = new EnvHttpProxyAgent();
  let url = `${registry}${PROBE}`;
  try {
    const found = await request(url, { dispatcher, signal });
    if (found.statusCode !== 200) return refused(url, found.statusCode);
    const { download_url: download } = (await found.body.json()) as { download_url: string };
    url = download;
    const { statusCode, body } = await request(url, { method: "HEAD", dispatcher, signal });
    await body.dump();
    // GitHub, where OpenTofu's provider lies, redirects.
    if (statusCode >= 400) return refused(url, statusCode);
    return { status: "ok", message: `${new URL(registry).host} and ${new URL(url).host} answer` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return unreachable(url, code ?? message);
  } finally {
    // destroy, not close: a request that hangs would hold close up.
    void dispatcher.destroy().catch(() => {});
  }
}

function refused(url: string, status: number): Finding {
  return unreachable(url, `status ${status}`);
}

function unreachable(url: string, why: string): Finding {
  return {
    status: "fail",
    message: `${new URL(url).host} does not answer (${why}), so Terraform can't load its AWS provider`,
    fix: "Check the network and HTTPS_PROXY, or name a provider mirror in TF_CLI_CONFIG_FILE.",
  };
}
