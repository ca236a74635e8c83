import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import type { RegistryLogin } from "../aws/repositories.ts";
import { type ContainerTool, runTool, toolError } from "./tool.ts";

/** A tool that is signed in to a registry. */
export interface SignedInTool {
  tool: ContainerTool;
  registry: string;
  /** Signs out and forgets. Has to be called, whatever happens. */
  signOut(): Promise<void>;
}

/**
 * Signs a tool in. The password goes to its stdin; what the tool keeps of it lies in a directory of its own (0700),
 * not beside the user's logins, and is gone after {@link SignedInTool.signOut}.
 * @throws EdpError REGISTRY_LOGIN_REFUSED (exit 5)
 */
export async function signIn(
  tool: ContainerTool,
  { registry, username, password }: RegistryLogin,
): Promise<SignedInTool> {
  const directory = await mkdtemp(path.join(tmpdir(), "edp-login-"));
  const signedIn = {
    ...tool,
    variables: { ...tool.variables, ...(await ownStore(directory, tool.variables)) },
  };
  const signOut = async () => {
    // Where the tool gave the password to a keychain of the system, it takes it out again. After Ctrl-C, too.
    await runTool({ ...signedIn, signal: new AbortController().signal }, ["logout", registry]);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const args = ["login", "--username", username, "--password-stdin", registry];
    const outcome = await runTool(signedIn, args, { input: password });
    if (outcome.succeeded) return { tool: signedIn, registry, signOut };
    const lastLines = outcome.lastLines.map((line) => line.replaceAll(password, "***"));
    throw toolError(
      "REGISTRY_LOGIN_REFUSED",
      `${tool.name} could not sign in to ${registry}`,
      { ...outcome, lastLines },
      "Check that this machine reaches the registry (proxy, VPN). Emulators mostly have none: there, deploy with --package zip.",
    );
  } catch (error) {
    await signOut();
    throw error;
  }
}

/**
 * Variables by which docker and podman keep logins in this directory; finch has no such. Docker's contexts, which
 * say where its daemon is, lie beside its logins and are lent.
 */
async function ownStore(directory: string, variables: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const users = variables.DOCKER_CONFIG || path.join(variables.HOME || homedir(), ".docker");
  const config = path.join(directory, "docker");
  await mkdir(config, { mode: 0o700 });
  await writeFile(path.join(config, "config.json"), JSON.stringify(await currentContext(users)), {
    mode: 0o600,
  });
  await symlink(path.join(users, "contexts"), path.join(config, "contexts"), "junction");
  return { DOCKER_CONFIG: config, REGISTRY_AUTH_FILE: path.join(directory, "auth.json") };
}

async function currentContext(directory: string): Promise<{ currentContext?: string }> {
  try {
    const text = await readFile(path.join(directory, "config.json"), "utf8");
    const { currentContext } = JSON.parse(text) as { currentContext?: unknown };
    return typeof currentContext === "string" ? { currentContext } : {};
  } catch {
    // No configuration, or none that docker would take: its own default.
    return {};
  }
}
