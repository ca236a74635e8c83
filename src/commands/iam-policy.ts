import { Option } from "commander";
import { PACKAGINGS, type Packaging } from "../build/packaging.ts";
import { defineCommand } from "../command.ts";
import { LOCAL_ENV } from "../context.ts";
import { UsageError } from "../errors.ts";
import { deployerPolicies, type Policy } from "../iam/policy.ts";
import { prefixFault } from "../init/answers.ts";
import { PIPELINES_DIRECTORY } from "../package-root.ts";
import { loadPipelines } from "../topology/load.ts";
import { selectPipelines } from "../topology/select.ts";

interface Options {
  pipelines: string[];
  /** Twelve digits, or `*`. */
  account: string;
  packaging: Packaging | undefined;
}

interface Result {
  env: string;
  pipelines: string[];
  policies: Policy[];
}

export default defineCommand<Options, Result>({
  configure(command) {
    command
      .argument("[pipeline...]", "pipelines to be deployed (default: those of edp.config.json, else all)")
      .option("--account <id>", "account number to write into the policy (default: any)")
      .addOption(
        new Option(
          "--package <type>",
          "functions will be zips or container images (default: edp.config.json, else zip)",
        ).choices(PACKAGINGS),
      )
      .addHelpText(
        "after",
        `
Prints the least IAM policy that a user needs to deploy these pipelines to one environment, to ask for its
status and to destroy it. Resources are limited to names that start with <project>-<env>-, to --region where
one is set, and to the state bucket of edp.config.json. Asks AWS nothing. When it doesn't fit one managed
policy (6,144 characters), several are printed, one JSON document after the other: attach all of them.

Examples:
  $ edp iam-policy --env dev
  $ edp iam-policy spotify --env prod --region eu-central-1 --account 123456789012
  $ edp iam-policy --env dev --json | jq -c '.policies[0].document' > policy.json
  $ aws iam create-policy --policy-name edp-deploy --policy-document file://policy.json`,
      );
  },
  options(args, flags) {
    const account = typeof flags.account === "string" ? flags.account : "*";
    if (!/^(\d{12}|\*)$/.test(account)) {
      throw new UsageError(`--account: ${JSON.stringify(account)} is not an account number.`, {
        hint: "An account number has twelve digits: aws sts get-caller-identity --query Account",
      });
    }
    return { pipelines: [...args], account, packaging: flags.package as Packaging | undefined };
  },
  async run(options, context) {
    const { env, config } = context;
    const fault = prefixFault(config.project, env);
    if (env === LOCAL_ENV || fault !== undefined) {
      throw new UsageError(fault ?? "The local environment needs no policy: nothing of it is on AWS.", {
        hint: "Name the environment to be deployed: npx edp iam-policy --env dev",
      });
    }
    const names = options.pipelines.length > 0 ? options.pipelines : (config.pipelines ?? []);
    const pipelines = selectPipelines(await loadPipelines([PIPELINES_DIRECTORY]), names);
    const scope = { project: config.project, env, region: context.region ?? "*", account: options.account };
    return {
      env,
      pipelines: pipelines.map(({ name }) => name),
      policies: deployerPolicies(pipelines, scope, config.backend, options.packaging ?? config.package),
    };
  },
  render({ policies, pipelines, env }, { terminal }) {
    for (const { document } of policies) terminal.out(`${JSON.stringify(document, null, 2)}\n`);
    const sizes = policies.map(({ name, characters }) => `${name} (${characters} characters)`).join(", ");
    terminal.note(`To deploy ${pipelines.join(", ")} to ${env}, attach: ${sizes}`);
  },
});
