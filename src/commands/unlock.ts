import { defineCommand } from "../command.ts";
import { LOCAL_ENV } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { UnlockResult } from "../terraform/unlock.ts";

interface Options {
  force: boolean;
}

export default defineCommand<Options, UnlockResult>({
  configure(command) {
    command.option("--force", "also while the holder's process runs on this machine").addHelpText(
      "after",
      `
Examples:
  $ edp unlock --env prod         shows who holds the environment and since when, then asks
  $ edp unlock --env prod --yes   without asking

A crash or a lost connection can leave a lock behind. Remove it only when nobody works on the environment.`,
    );
  },
  options: (_args, flags) => ({ force: flags.force === true }),
  async run({ force }, context) {
    if (context.env === LOCAL_ENV) {
      throw new UsageError("The local engine has no Terraform state to unlock.", {
        hint: "Name an environment with --env.",
      });
    }
    const { unlockAws } = await import("../terraform/unlock.ts");
    return unlockAws(context, force);
  },
  render({ env, locks, removed }, { terminal }) {
    if (removed) terminal.out(`${terminal.color.green("✔")} ${env} is unlocked (${locks.length} removed)\n`);
    else terminal.out(`${env} is not locked.\n`);
  },
});
