import { readFile } from "node:fs/promises";
import path from "node:path";
import * as v from "valibot";
import { InvalidInputError } from "./errors.ts";

export const CONFIG_FILE = "edp.config.json";

const NAME = /^[a-z][a-z0-9-]{0,19}$/;
const name = (what: string) =>
  v.pipe(v.string(), v.regex(NAME, `${what}: 1-20 lower-case letters, digits and -, starting with a letter`));

const ConfigSchema = v.strictObject({
  $schema: v.optional(v.string()),
  /** First part of every physical name. */
  project: v.optional(name("project"), "edp"),
  /** Environment used when neither --env nor EDP_ENV is given. */
  env: v.optional(name("env"), "local"),
  profile: v.optional(v.string()),
  region: v.optional(v.string()),
  endpointUrl: v.optional(v.pipe(v.string(), v.url())),
  /** Pipelines that `edp deploy` takes when none is named. */
  pipelines: v.optional(v.array(v.string())),
  alertEmail: v.optional(v.pipe(v.string(), v.email())),
  /** `local`, or `s3://bucket/prefix`. */
  backend: v.optional(v.pipe(v.string(), v.regex(/^(local|s3:\/\/.+)$/, "`local` or `s3://bucket/prefix`"))),
});

/** The checked content of `edp.config.json`, defaults filled in. */
export type Config = v.InferOutput<typeof ConfigSchema>;

/**
 * Reads `edp.config.json` of a project directory; a directory without one has the defaults.
 * @throws InvalidInputError when it is not JSON or a value is wrong, naming every fault and its key.
 */
export async function loadConfig(directory: string): Promise<Config> {
  const file = path.join(directory, CONFIG_FILE);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return v.parse(ConfigSchema, {});
    throw new InvalidInputError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return parseConfig(text, file);
}

/** Checks the text of a configuration file. @throws InvalidInputError as in {@link loadConfig}. */
export function parseConfig(text: string, file: string): Config {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InvalidInputError(`${file} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const result = v.safeParse(ConfigSchema, json);
  if (result.success) return result.output;
  const faults = result.issues.map((issue) => `  ${v.getDotPath(issue) ?? "(root)"}: ${issue.message}`);
  throw new InvalidInputError(`${file} has ${faults.length} fault(s):\n${faults.join("\n")}`, {
    hint: "Correct the keys named above, or run `npx edp init` to write the file anew.",
  });
}
