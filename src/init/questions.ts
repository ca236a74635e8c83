import type { Profile } from "../aws/profiles.ts";
import { unknownRegion } from "../aws/regions.ts";
import { type Config, type ConfigKey, configFault } from "../config.ts";
import type { Context } from "../context.ts";
import { LOCAL_ENV } from "../context.ts";
import { ask, type PromptStreams } from "../terminal/ask.ts";
import { type Answers, needsRegion, prefixFault } from "./answers.ts";

/** The answer that takes an optional setting out again. */
const NONE = "-";

/** The prompts in use; tests give their own. */
export type Prompts = Pick<typeof import("@inquirer/prompts"), "input" | "select" | "checkbox">;

export interface Known {
  pipelines: readonly { name: string; description: string }[];
  profiles: ReadonlyMap<string, Profile>;
  /** Region to propose where neither the file nor the profile has one. */
  region: string | undefined;
}

/**
 * Asks what no flag has answered; what the file says is the proposal.
 * @throws InterruptedError at Ctrl-C.
 */
export async function askQuestions(
  context: Context,
  present: Partial<Config>,
  flags: Answers,
  known: Known,
  prompts: Prompts,
): Promise<Answers> {
  return ask(context, async (streams) => {
    const answers: Answers = { ...flags };
    const open = (key: ConfigKey) => !(key in flags);
    // As it would stand now: an answer can decide what a later question may be left empty.
    const soFar = (): Partial<Config> => dropNulls({ ...present, ...answers });
    if (open("project")) answers.project = await askProject(prompts, streams, soFar());
    if (open("profile")) answers.profile = await askProfile(prompts, streams, soFar(), known);
    if (open("backend")) answers.backend = await askBackend(prompts, streams, soFar());
    if (open("region")) answers.region = await askRegion(prompts, streams, soFar(), known);
    if (open("pipelines")) answers.pipelines = await askPipelines(prompts, streams, soFar(), known);
    if (open("alertEmail")) {
      answers.alertEmail = optional(
        await prompts.input(
          {
            message: `E-mail address for alarms on AWS (${NONE} for none)`,
            default: soFar().alertEmail ?? NONE,
            validate: verdict("alertEmail"),
          },
          streams,
        ),
      );
    }
    return answers;
  });
}

function askProject({ input }: Prompts, streams: PromptStreams, soFar: Partial<Config>): Promise<string> {
  return input(
    {
      message: "Project (first part of every name on AWS)",
      default: soFar.project ?? "edp",
      validate: (text) => configFault("project", text) ?? prefixFault(text, soFar.env ?? LOCAL_ENV) ?? true,
    },
    streams,
  );
}

async function askProfile(
  { input, select }: Prompts,
  streams: PromptStreams,
  soFar: Partial<Config>,
  { profiles }: Known,
): Promise<string | null> {
  const message = "AWS profile";
  const names = [...new Set([...profiles.keys(), ...(soFar.profile ? [soFar.profile] : [])])];
  if (names.length === 0) {
    const text = await input(
      { message: `${message} (${NONE} for the default credentials)`, default: NONE },
      streams,
    );
    return optional(text);
  }
  const chosen = await select<string>(
    {
      message,
      default: soFar.profile ?? NONE,
      choices: [
        { value: NONE, name: "none: the default credentials (environment, SSO, instance role)" },
        ...names.map((name) => ({
          value: name,
          name: profiles.has(name) ? name : `${name} (not on this machine)`,
        })),
      ],
    },
    streams,
  );
  return optional(chosen);
}

async function askRegion(
  { input }: Prompts,
  streams: PromptStreams,
  soFar: Partial<Config>,
  { profiles, region }: Known,
): Promise<string | null> {
  const required = needsRegion(soFar);
  const proposal = soFar.region ?? profiles.get(soFar.profile ?? "default")?.region ?? region;
  let doubted: string | undefined;
  const text = await input(
    {
      message: required ? "AWS region" : `AWS region (${NONE} for none yet)`,
      default: proposal ?? (required ? undefined : NONE),
      validate: (answer) => {
        if (answer === NONE && !required) return true;
        const fault = configFault("region", answer);
        if (fault !== undefined) return fault;
        const doubt = unknownRegion(answer);
        // A region may be newer than this edp: the same answer twice is taken.
        if (doubt === undefined || doubted === answer) return true;
        doubted = answer;
        return `${doubt} Press Enter again to keep it.`;
      },
    },
    streams,
  );
  return optional(text);
}

async function askPipelines(
  { checkbox }: Prompts,
  streams: PromptStreams,
  soFar: Partial<Config>,
  { pipelines }: Known,
): Promise<string[]> {
  return checkbox<string>(
    {
      message: "Pipelines that `edp deploy` takes when none is named",
      choices: pipelines.map(({ name, description }) => ({
        value: name,
        name,
        description,
        checked: soFar.pipelines?.includes(name) ?? true,
      })),
    },
    streams,
  );
}

async function askBackend(
  { input, select }: Prompts,
  streams: PromptStreams,
  soFar: Partial<Config>,
): Promise<string> {
  const shared = soFar.backend?.startsWith("s3://") ? soFar.backend : undefined;
  const place = await select<string>(
    {
      message: "Where Terraform keeps the state of AWS environments",
      default: shared ? "s3" : "local",
      choices: [
        { value: "local", name: "on this machine, in .edp/<env>/" },
        { value: "s3", name: "in an S3 bucket, for a team (created on first use)" },
      ],
    },
    streams,
  );
  if (place === "local") return "local";
  return input(
    {
      message: "State bucket and prefix",
      default: shared ?? `s3://${soFar.project ?? "edp"}-terraform-state/edp`,
      validate: (text) =>
        text === "local" ? "it must look like s3://bucket/prefix" : (configFault("backend", text) ?? true),
    },
    streams,
  );
}

function verdict(key: ConfigKey): (text: string) => string | true {
  return (text) => (text === NONE ? true : (configFault(key, text) ?? true));
}

function optional(text: string): string | null {
  return text.trim() === NONE || text.trim() === "" ? null : text.trim();
}

function dropNulls(answers: Answers): Partial<Config> {
  return Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== null));
}
