import { defineCommand } from "../command.ts";
import type { CheckResult, Status } from "../doctor/check.ts";
import { EXIT } from "../errors.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Options {
  deep: boolean;
  /** Whether the command line itself names AWS settings. */
  asked: boolean;
}

interface Result {
  env: string;
  /** Whether nothing has failed; warnings and skipped checks are no failure. */
  ok: boolean;
  checks: CheckResult[];
}

export default defineCommand<Options, Result>({
  configMayBeWrong: true,
  configure(command) {
    command.option("--deep", "also let Terraform load the AWS provider, which can take minutes").addHelpText(
      "after",
      `
Checks this machine and says how to mend what is wrong; exit 8 when a check fails. What only AWS needs is
skipped as long as nothing leads there: no AWS environment, settings or credentials.

Examples:
  $ edp doctor                              before the first deploy
  $ edp doctor --env dev --profile work     everything an AWS deploy needs
  $ edp doctor --json | jq '.checks[] | select(.status == "fail")'`,
    );
  },
  options: (_args, flags) => ({
    deep: flags.deep === true,
    asked: ["profile", "region", "endpointUrl"].some((flag) => typeof flags[flag] === "string"),
  }),
  async run(options, context) {
    const [{ awsUse }, { runChecks }, { CHECKS }, { createIdentities }] = await Promise.all([
      import("../doctor/aws-use.ts"),
      import("../doctor/check.ts"),
      import("../doctor/checks.ts"),
      import("../doctor/identities.ts"),
    ]);
    const aws = await awsUse(context, options.asked);
    const identities = createIdentities(context, aws.hasCredentials);
    const checks = await context.terminal.spin("Checking this machine", () =>
      runChecks(CHECKS, { context, aws, identities, deep: options.deep }),
    );
    return { env: context.env, ok: checks.every(({ status }) => status !== "fail"), checks };
  },
  exitCode: (result) => (result.ok ? EXIT.done : EXIT.checkFailed),
  render({ checks, ok }, { terminal }) {
    const width = Math.max(...checks.map(({ name }) => name.length));
    for (const { name, status, message, fix } of checks) {
      const indent = " ".repeat(width + 4);
      const text = message.replaceAll("\n", `\n${indent}`);
      terminal.out(`${symbol(terminal, status)} ${name.padEnd(width)}  ${text}\n`);
      if (fix) terminal.out(`${indent}${terminal.color.cyan(`fix: ${fix}`)}\n`);
    }
    const failed = checks.filter(({ status }) => status === "fail").length;
    terminal.note(ok ? "\nReady." : `\n${failed} of ${checks.length} checks failed.`);
  },
});

function symbol({ color }: Terminal, status: Status): string {
  if (status === "ok") return color.green("✔");
  if (status === "warn") return color.yellow("!");
  return status === "fail" ? color.red("✖") : color.dim("-");
}
