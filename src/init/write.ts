import { copyFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { CONFIG_SCHEMA_FILE, type Config } from "../config.ts";
import { InvalidInputError } from "../errors.ts";
import { PACKAGE_ROOT } from "../package-root.ts";
import { VERSION } from "../version.ts";

/** The text of a configuration file. */
export function configText(config: Partial<Config>): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/**
 * Writes the configuration: a new file is renamed into place, so that a crash leaves the old one or the new
 * one, never half of one. A link stays a link. @throws InvalidInputError NOT_WRITABLE.
 */
export async function writeConfig(file: string, config: Partial<Config>): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const fresh = `${target}.${process.pid}.new`;
  try {
    await writeFile(fresh, configText(config));
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {});
    throw unwritable(file, error);
  }
}

/** Keeps a copy of a file that is about to be written anew; returns its path. @throws InvalidInputError. */
export async function keepCopy(file: string): Promise<string> {
  const copy = `${file}.bak`;
  try {
    await copyFile(file, copy);
  } catch (error) {
    throw unwritable(copy, error);
  }
  return copy;
}

/**
 * What `$schema` should say in a project's file: a relative path where the package lies inside the project
 * (a clone, or node_modules), so that nothing of this machine gets into the file; else the published schema.
 */
export function schemaReference(directory: string, packageRoot = PACKAGE_ROOT): string {
  const relative = path.relative(directory, path.join(packageRoot, CONFIG_SCHEMA_FILE));
  if (!relative.startsWith("..") && !path.isAbsolute(relative))
    return `./${relative.split(path.sep).join("/")}`;
  return `https://unpkg.com/@edp-cli/edp@${VERSION}/${CONFIG_SCHEMA_FILE}`;
}

function unwritable(file: string, cause: unknown): InvalidInputError {
  return new InvalidInputError(`${file} cannot be written: ${(cause as Error).message}`, {
    code: "NOT_WRITABLE",
    cause,
    hint: "Nothing was changed. Run it in a directory that you may write and that has space left.",
  });
}
