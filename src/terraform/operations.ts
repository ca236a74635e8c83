import { randomUUID } from "node:crypto";
import { mkdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { EdpError, EXIT, InterruptedError } from "../errors.ts";
import { diagnose } from "./diagnose.ts";
import type { Hold } from "./holder.ts";
import { type Plan, parsePlan } from "./plan.ts";
import { showApply, showPlan } from "./progress.ts";
import { captureTerraform, runTerraform, type TerraformOutcome, type Watcher } from "./run.ts";
import type { Session } from "./session.ts";
import { forgetInit, initFingerprint, isInitialised, recordInit } from "./workspace.ts";

export interface PlanOptions {
  destroy: boolean;
  parallelism: number;
  /** Names to sort the changes by. */
  pipelines: readonly string[];
}

export interface PlanFile {
  plan: Plan;
  /** What `apply` takes; valid for this run only. */
  file: string;
}

/** What a plan says when `init` has to run again: another provider, module or backend than it was made for. */
const NEEDS_INIT =
  /Inconsistent dependency lock file|Required plugins are not installed|Module not installed|Backend initialization required|Missing required provider/;

/** Removes the plans that a crash left, so that none of them is ever applied. */
export async function dropOldPlans({ paths }: Session): Promise<void> {
  await rm(paths.plans, { recursive: true, force: true });
  await mkdir(paths.plans, { recursive: true, mode: 0o700 });
}

/** Runs `terraform init` when the HCL, the backend or Terraform itself is another than the last time. */
export async function initialise(session: Session, hold: Hold): Promise<void> {
  const { paths, binary, terraform, context } = session;
  await refuseUnsavedState(session);
  const program = [binary.path, binary.version, terraform.variables.TF_CLI_CONFIG_FILE ?? ""];
  const fingerprint = await initFingerprint(paths, program);
  if (await isInitialised(paths, fingerprint)) return;
  const outcome = await context.terminal.spin("Preparing Terraform and its AWS provider", () =>
    runTerraform(terraform, ["init", "-json", "-input=false", "-reconfigure"], watcher(session, hold)),
  );
  check(`${binary.product} init`, outcome);
  await recordInit(paths, fingerprint);
}

/** Plans into a file and reads it. @throws EdpError from {@link diagnose}; InterruptedError. */
export async function plan(session: Session, hold: Hold, options: PlanOptions): Promise<PlanFile> {
  const { paths, binary, terraform, context } = session;
  const file = path.join(paths.plans, `${randomUUID()}.tfplan`);
  const args = ["-json", "-input=false", `-parallelism=${options.parallelism}`, `-out=${file}`];
  if (options.destroy) args.push("-destroy");
  const attempt = async () => {
    const shown = await showPlan(context.terminal);
    try {
      return await runTerraform(terraform, ["plan", ...args], {
        ...watcher(session, hold),
        onEvent: shown.onEvent,
      });
    } finally {
      shown.end();
    }
  };
  let outcome = await attempt();
  if (
    !outcome.succeeded &&
    outcome.diagnostics.some(({ summary, detail }) => NEEDS_INIT.test(`${summary} ${detail}`))
  ) {
    await forgetInit(paths);
    await initialise(session, hold);
    outcome = await attempt();
  }
  check(`${binary.product} plan`, outcome);
  context.signal.throwIfAborted();
  const shown = await captureTerraform(terraform, ["show", "-json", file]);
  if (!shown.succeeded) {
    throw new EdpError("TERRAFORM_FAILED", EXIT.terraform, `${binary.product} show failed: ${shown.stderr}`, {
      hint: "Run the command again.",
    });
  }
  return { plan: parsePlan(shown.stdout, options.pipelines), file };
}

/** Applies exactly this plan. @throws EdpError from {@link diagnose}; InterruptedError when it was stopped. */
export async function apply(
  session: Session,
  hold: Hold,
  { plan, file }: PlanFile,
  parallelism: number,
): Promise<void> {
  const { binary, terraform, context } = session;
  const shown = await showApply(context.terminal, plan.changes, Date.now);
  let outcome: TerraformOutcome;
  try {
    outcome = await runTerraform(
      terraform,
      ["apply", "-json", "-input=false", `-parallelism=${parallelism}`, file],
      { ...watcher(session, hold), onEvent: shown.onEvent, note: shown.note },
    );
  } finally {
    shown.end();
    await rm(file, { force: true });
  }
  if (outcome.interrupted && !outcome.succeeded) {
    throw new InterruptedError(
      `Interrupted after ${shown.done()} of ${plan.changes.length} changes. Terraform has saved its state and given its lock back.`,
      { hint: "Run the same command again to complete it: nothing is lost or left over." },
    );
  }
  check(`${binary.product} apply`, outcome);
}

function watcher({ context }: Session, hold: Hold): Watcher {
  return { signal: context.signal, note: (line) => context.terminal.warn(line), onStart: hold.terraform };
}

function check(operation: string, outcome: TerraformOutcome): void {
  if (outcome.succeeded) return;
  if (outcome.interrupted)
    throw new InterruptedError(`Interrupted during ${operation}: nothing was changed.`);
  throw diagnose(operation, outcome.diagnostics, outcome.text, outcome.killedBy);
}

/** Terraform leaves this file where it could not write to its backend; going on would forget what it made. */
async function refuseUnsavedState({ paths, binary }: Session): Promise<void> {
  const file = path.join(paths.work, "errored.tfstate");
  const there = await stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
  if (!there) return;
  throw new EdpError(
    "STATE_NOT_SAVED",
    EXIT.terraform,
    `The last run could not save its state: ${file} holds it.`,
    {
      hint: `Push it first: cd ${paths.work} && ${binary.product} state push errored.tfstate && rm errored.tfstate`,
    },
  );
}
