import { CONFIG_KEYS, type Config, type ConfigKey, configFault } from "../config.ts";
import { LOCAL_ENV } from "../context.ts";
import { MAX_PREFIX } from "../topology/names.ts";

/** Values by key; null takes a key out of the file. A key that is absent was not answered. */
export type Answers = { [Key in ConfigKey]?: Config[Key] | null };

/** The flag that answers each question. */
export const FLAGS: Partial<Record<ConfigKey, string>> = {
  project: "--project",
  env: "--env",
  profile: "--profile",
  region: "--region",
  endpointUrl: "--endpoint-url",
  pipelines: "--pipelines",
  alertEmail: "--alert-email",
  backend: "--backend",
};

/** Lays the answers over what the file holds; keys in the file's order, empty lists left out. */
export function merge(present: Partial<Config>, answers: Answers): Partial<Config> {
  const all: Answers = { ...present, ...answers };
  const kept = CONFIG_KEYS.map((key) => [key, all[key]] as const).filter(
    ([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept);
}

/** What is wrong with the answers, one sentence each; `name` says what a fault's key is called there. */
export function answerFaults(
  answers: Answers,
  pipelines: readonly string[],
  name: (key: ConfigKey) => string,
): string[] {
  const given = Object.entries(answers).filter(([, value]) => value !== null) as [ConfigKey, unknown][];
  const faults = given.flatMap(([key, value]) => {
    const fault = configFault(key, value);
    return fault === undefined ? [] : [`${name(key)}: ${fault}`];
  });
  const unknown = (answers.pipelines ?? []).filter((pipeline) => !pipelines.includes(pipeline));
  if (unknown.length > 0)
    faults.push(
      `${name("pipelines")}: no pipeline is called ${unknown.join(", ")}; there is ${pipelines.join(", ")}`,
    );
  return faults;
}

/** Whether a project and an environment make names that fit every service; what to say if not. */
export function prefixFault(project: string, env: string): string | undefined {
  const prefix = `${project}-${env}`;
  if (prefix.length <= MAX_PREFIX) return undefined;
  return `with the environment ${env}, names would start with ${prefix}: ${prefix.length} characters, at most ${MAX_PREFIX} fit every service`;
}

/** Whether these settings lead to AWS, so that a region is needed. */
export function needsRegion(config: Partial<Config>): boolean {
  return (config.env ?? LOCAL_ENV) !== LOCAL_ENV || config.backend?.startsWith("s3://") === true;
}
