import { readFile } from "node:fs/promises";
import path from "node:path";
import * as v from "valibot";
import { PACKAGINGS } from "./build/packaging.ts";
import { InvalidInputError } from "./errors.ts";

export const CONFIG_FILE = "edp.config.json";

/** Name of the JSON schema of `edp.config.json`, at the root of the package. */
export const CONFIG_SCHEMA_FILE = "edp.config.schema.json";

/** Part of every physical name, so that with pipeline and key it stays within the services' limits. */
export const NAME = /^[a-z][a-z0-9-]{0,19}$/;
/** A region code, e.g. `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`. */
export const REGION = /^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}$/;
/** `local`, or an S3 bucket (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html) and prefix. */
export const BACKEND = /^(local|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9!_.*'()/-]*)?)$/;
/** As in HTML's `<input type=email>`; whether it exists, only the subscription mail shows. */
export const EMAIL = /^[^\s@"(),:;<>[\]\\]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)+$/;

/** No path: one host stands for every service. */
export const ENDPOINT = /^https?:\/\/[^\s/]+\/?$/;
/** An origin as browsers send it, or `*` for all: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin */
export const CORS_ORIGIN = /^(\*|https?:\/\/[^/'"\s]+)$/;
/** A bucket by pipeline and key. */
export const UPLOAD_BUCKET = /^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/;
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
export const PRINCIPAL = /^arn:[^:]+:iam::[0-9]{12}:(root|user\/.+|role\/.+)$/;
/** A pipeline file's name without `.json`. */
export const PIPELINE = /^[a-z][a-z0-9-]*$/;

const matching = (pattern: RegExp, rule: string) =>
  v.pipe(
    v.string(),
    v.regex(pattern, ({ input }) => `${JSON.stringify(input)} is not ${rule}`),
  );
const name = matching(NAME, "1-20 lower-case letters, digits and -, starting with a letter");

const entries = {
  $schema: v.optional(v.string()),
  /** First part of every physical name. */
  project: v.optional(name, "edp"),
  /** Environment used when neither --env nor EDP_ENV is given. */
  env: v.optional(name, "local"),
  /** AWS profile; without one the SDK's default chain applies. */
  profile: v.optional(v.pipe(v.string(), v.nonEmpty("a profile needs a name"))),
  region: v.optional(matching(REGION, "a region code like eu-central-1")),
  /** An AWS-compatible endpoint instead of AWS. */
  endpointUrl: v.optional(matching(ENDPOINT, "an http:// or https:// URL without a path")),
  /** Pipelines that `edp deploy` takes when none is named. */
  pipelines: v.optional(v.array(matching(PIPELINE, "a pipeline's name"))),
  /** How functions are deployed. */
  package: v.optional(v.picklist(PACKAGINGS, ({ input }) => `${JSON.stringify(input)} is not zip or image`)),
  /** Gets the alarms' mails. */
  alertEmail: v.optional(matching(EMAIL, "an e-mail address")),
  /** Origins whose web pages may call the pipelines' APIs. */
  corsAllowedOrigins: v.optional(
    v.pipe(
      v.array(matching(CORS_ORIGIN, "an origin like https://shop.example.com, or *")),
      v.check(
        (origins) => origins.length < 2 || !origins.includes("*"),
        "* stands alone: it is every origin",
      ),
    ),
  ),
  /** Get the messages of topics with `email`. */
  notifyEmails: v.optional(v.array(matching(EMAIL, "an e-mail address"))),
  /** Who may put objects under a bucket's `uploadPrefix`, by `<pipeline>/<bucket>`. */
  uploadPrincipals: v.optional(
    v.record(
      matching(UPLOAD_BUCKET, "a bucket of a pipeline like partner/uploads"),
      v.array(matching(PRINCIPAL, "the ARN of an account (...:root), a user or a role")),
    ),
  ),
  /** Whether AWS refuses to delete tables until it is taken away. */
  deletionProtection: v.optional(v.boolean("must be true or false")),
  /** Where Terraform keeps its state: `local`, or `s3://bucket/prefix`. */
  backend: v.optional(matching(BACKEND, "`local` or `s3://bucket/prefix`")),
};

const ConfigSchema = v.strictObject(entries, (issue) =>
  issue.expected === "never"
    ? `is not a key of ${CONFIG_FILE}; it knows ${Object.keys(entries).join(", ")}`
    : "must be an object",
);

/** The checked content of `edp.config.json`, defaults filled in. */
export type Config = v.InferOutput<typeof ConfigSchema>;

export type ConfigKey = keyof Config;

/** Keys of the configuration, in the order in which they are written. */
export const CONFIG_KEYS = Object.keys(ConfigSchema.entries) as ConfigKey[];

/** What a configuration file holds, readable even where it is wrong. */
export interface ConfigContent {
  file: string;
  exists: boolean;
  /** The values that are right, as written: no defaults. */
  given: Partial<Config>;
  /** The same with defaults. */
  config: Config;
  /** Every fault at once; undefined where the file is right or absent. */
  fault: InvalidInputError | undefined;
}

/**
 * Reads `edp.config.json` of a project directory; a directory without one has the defaults.
 * @throws InvalidInputError when it is not JSON or a value is wrong, naming every fault and its key.
 */
export async function loadConfig(directory: string): Promise<Config> {
  const { config, fault } = await readConfig(directory);
  if (fault) throw fault;
  return config;
}

/** Reads `edp.config.json` like {@link loadConfig}, but hands a fault back: for commands that repair or explain it. */
export async function readConfig(directory: string): Promise<ConfigContent> {
  const file = path.join(directory, CONFIG_FILE);
  try {
    return { file, exists: true, ...inspect(await readFile(file, "utf8"), file) };
  } catch (error) {
    const none = { file, given: {}, config: v.parse(ConfigSchema, {}) };
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      return { ...none, exists: false, fault: undefined };
    const message = `${file} cannot be read: ${(error as Error).message}`;
    const hint = "Give yourself the right to read it, or move it away.";
    return { ...none, exists: true, fault: new InvalidInputError(message, { cause: error, hint }) };
  }
}

/** Checks the text of a configuration file. @throws InvalidInputError as in {@link loadConfig}. */
export function parseConfig(text: string, file: string): Config {
  const { config, fault } = inspect(text, file);
  if (fault) throw fault;
  return config;
}

/** What is wrong with one value; undefined where nothing is. */
export function configFault(key: ConfigKey, value: unknown): string | undefined {
  const result = v.safeParse(ConfigSchema.entries[key], value);
  return result.success ? undefined : result.issues.map((issue) => issue.message).join("; ");
}

function inspect(text: string, file: string): Pick<ConfigContent, "given" | "config" | "fault"> {
  const defaults = v.parse(ConfigSchema, {});
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const fault = new InvalidInputError(`${file} is not JSON: ${(error as Error).message}`, {
      cause: error,
      hint: "Correct it by hand, or start anew with `npx edp init --force`, which keeps a copy of it.",
    });
    return { given: {}, config: defaults, fault };
  }
  // valibot takes a list for an object without keys.
  const result = v.safeParse(ConfigSchema, Array.isArray(json) ? null : json);
  const given = rightValues(json);
  if (result.success) return { given, config: result.output, fault: undefined };
  const faults = result.issues.map((issue) => `  ${v.getDotPath(issue) ?? "(root)"}: ${issue.message}`);
  const fault = new InvalidInputError(`${file} has ${faults.length} fault(s):\n${faults.join("\n")}`, {
    hint: "Correct the keys named above, or drop them with `npx edp init --force`, which keeps a copy of the file.",
  });
  return { given, config: { ...defaults, ...given }, fault };
}

function rightValues(json: unknown): Partial<Config> {
  if (typeof json !== "object" || json === null) return {};
  const right = CONFIG_KEYS.filter((key) => key in json).map(
    (key) => [key, (json as Record<string, unknown>)[key]] as const,
  );
  return Object.fromEntries(right.filter(([key, value]) => configFault(key, value) === undefined));
}
