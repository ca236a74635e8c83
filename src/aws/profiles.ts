import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";

/** Settings of one profile that matter before a client is made; no secrets. */
export interface Profile {
  region?: string;
}

/**
 * The AWS profiles of this user by name: from `AWS_CONFIG_FILE` (else ~/.aws/config, sections `[profile NAME]`
 * and `[default]`) and `AWS_SHARED_CREDENTIALS_FILE` (else ~/.aws/credentials, sections `[NAME]`).
 * A file that can't be read counts as empty.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function listProfiles(variables: NodeJS.ProcessEnv): Promise<Map<string, Profile>> {
  const home = path.join(variables.HOME || homedir(), ".aws");
  const [config, credentials] = await Promise.all([
    textOf(variables.AWS_CONFIG_FILE || path.join(home, "config")),
    textOf(variables.AWS_SHARED_CREDENTIALS_FILE || path.join(home, "credentials")),
  ]);
  const profiles = new Map<string, Profile>();
  const add = (name: string, profile: Profile) => profiles.set(name, { ...profiles.get(name), ...profile });
  for (const [section, profile] of sections(credentials)) add(section, profile);
  for (const [section, profile] of sections(config)) {
    const named = /^profile\s+["']?(.+?)["']?$/.exec(section)?.[1];
    if (named !== undefined) add(named, profile);
    else if (section === "default") add(section, profile);
  }
  return profiles;
}

async function textOf(file: string): Promise<string> {
  // Absent, unreadable or a directory: the SDK's own chain goes on without it too.
  return readFile(file, "utf8").catch(() => "");
}

function sections(text: string): [string, Profile][] {
  const found: [string, Profile][] = [];
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (section !== undefined) found.push([section, {}]);
    const region = /^region\s*=\s*([\w-]+)/.exec(line)?.[1];
    const current = found.at(-1);
    if (region !== undefined && current) current[1].region = region;
  }
  return found;
}
