import { listProfiles } from "../aws/profiles.ts";
import { unknownRegion } from "../aws/regions.ts";
import { defineCommand } from "../command.ts";
import { CONFIG_KEYS, type Config, type ConfigContent, readConfig } from "../config.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import { UsageError } from "../errors.ts";
import { type Answers, answerFaults, FLAGS, merge, needsRegion, prefixFault } from "../init/answers.ts";
import { configText, keepCopy, schemaReference, writeConfig } from "../init/write.ts";
import { PIPELINES_DIRECTORY } from "../package-root.ts";
import { loadPipelines } from "../topology/load.ts";

interface Options {
  answers: Answers;
  force: boolean;
}

interface Result {
  path: string;
  /** What the file holds now. */
  config: Partial<Config>;
  /** Whether the file is new; with `updated` false too, it already said all this. */
  created: boolean;
  updated: boolean;
  /** Where --force kept the faulty file. */
  backup: string | null;
  /** What looks wrong but may be right, one sentence each. */
  warnings: string[];
}

export default defineCommand<Options, Result>({
  configMayBeWrong: true,
  configure(command) {
    command
      .option("--project <name>", "first part of every physical name")
      .option("--pipelines <names>", "what `edp deploy` takes when none is named, separated by commas")
      .option("--alert-email <address>", "gets the mails of the alarms")
      .option("--backend <place>", "where Terraform keeps its state: `local` or `s3://bucket/prefix`")
      .option("--force", "write a faulty edp.config.json anew; a copy is kept as edp.config.json.bak")
      .addHelpText(
        "after",
        `
Writes edp.config.json in the current directory. --env, --profile, --region and --endpoint-url are written
too. What no flag answers is asked; without a terminal, or with --yes, it stays as it is. Run it again to
edit; an empty value takes a setting out (--alert-email "").

Examples:
  $ edp init                                                  asks
  $ edp init --yes                                            defaults, no questions
  $ edp init --env dev --region eu-central-1 --profile work --pipelines spotify --backend s3://acme-state/edp
  $ edp init --alert-email data@example.com                   change one setting`,
      );
  },
  options: (_args, flags) => ({ answers: answersOf(flags), force: flags.force === true }),
  async run(options, context) {
    const [content, pipelines, profiles] = await Promise.all([
      readConfig(context.directory),
      loadPipelines([PIPELINES_DIRECTORY]),
      listProfiles(context.variables),
    ]);
    if (content.fault && !options.force) throw content.fault;
    const names = pipelines.map(({ name }) => name);
    refuse(answerFaults(options.answers, names, (key) => FLAGS[key] ?? key));
    const answers =
      context.terminal.interactive && !context.yes
        ? await askAll(options.answers, content, context, { pipelines, profiles })
        : options.answers;
    const config = merge(
      { project: content.config.project, ...content.given },
      { ...answers, $schema: schemaFor(content, context.directory) },
    );
    refuse(faultsTogether(config));
    context.signal.throwIfAborted();
    const changed = !content.exists || content.fault !== undefined || !equal(config, content.given);
    const backup = content.fault ? await keepCopy(content.file) : null;
    if (changed) await writeConfig(content.file, config);
    return {
      path: content.file,
      config,
      created: !content.exists,
      updated: content.exists && changed,
      backup,
      warnings: [
        ...(config.profile !== undefined && !profiles.has(config.profile)
          ? [`There is no profile ${config.profile} in ~/.aws/config on this machine: aws configure sso`]
          : []),
        ...[config.region === undefined ? undefined : unknownRegion(config.region)].filter(
          (doubt) => doubt !== undefined,
        ),
      ],
    };
  },
  render(result, { terminal }) {
    const { color } = terminal;
    const what = result.created ? "created" : result.updated ? "updated" : "unchanged";
    terminal.out(`${color.green("✔")} ${result.path} ${what}\n`);
    for (const [key, value] of Object.entries(result.config)) {
      if (key !== "$schema")
        terminal.out(`  ${color.dim(key.padEnd(12))} ${Array.isArray(value) ? value.join(", ") : value}\n`);
    }
    if (result.backup) terminal.warn(`The faulty file was kept as ${result.backup}`);
    for (const warning of result.warnings) terminal.warn(`warning: ${warning}`);
    terminal.note("\nNext: npx edp doctor    Deploy: npx edp deploy");
  },
});

/** Reads the flags; an empty value means that the setting is taken out. */
function answersOf(flags: Record<string, unknown>): Answers {
  const answers: Record<string, unknown> = {};
  for (const key of CONFIG_KEYS) {
    const value = flags[key];
    if (typeof value !== "string" || FLAGS[key] === undefined) continue;
    const text = value.trim();
    if (text === "") answers[key] = null;
    else answers[key] = key === "pipelines" ? [...new Set(text.split(/[\s,]+/).filter(Boolean))] : text;
  }
  return answers as Answers;
}

async function askAll(
  flags: Answers,
  content: ConfigContent,
  context: Context,
  known: {
    pipelines: readonly { name: string; description: string }[];
    profiles: Awaited<ReturnType<typeof listProfiles>>;
  },
): Promise<Answers> {
  const [{ askQuestions }, prompts] = await Promise.all([
    import("../init/questions.ts"),
    import("@inquirer/prompts"),
  ]);
  const region = context.variables.AWS_REGION || context.variables.AWS_DEFAULT_REGION || undefined;
  return askQuestions(context, content.given, flags, { ...known, region }, prompts);
}

/** Rules that see more than one setting. */
function faultsTogether(config: Partial<Config>): string[] {
  const { project = "edp", env = LOCAL_ENV } = config;
  const prefix = prefixFault(project, env);
  const noRegion = needsRegion(config) && config.region === undefined;
  return [
    ...(prefix === undefined ? [] : [`--project: ${prefix}`]),
    ...(noRegion ? ["--region: is needed for AWS environments, e.g. --region eu-central-1"] : []),
  ];
}

function refuse(faults: string[]): void {
  if (faults.length === 0) return;
  throw new UsageError(
    faults.length === 1
      ? String(faults[0])
      : `${faults.length} answers are missing or wrong:\n  ${faults.join("\n  ")}`,
    { hint: "Nothing was written. See: npx edp init --help" },
  );
}

/** A reference that somebody else put there stays. */
function schemaFor({ given }: ConfigContent, directory: string): string {
  const ours = given.$schema === undefined || given.$schema.endsWith("/edp.config.schema.json");
  return ours ? schemaReference(directory) : String(given.$schema);
}

function equal(one: Partial<Config>, other: Partial<Config>): boolean {
  return configText(one) === configText(merge(other, {}));
}
