import type { Context } from "../context.ts";
import { EdpError } from "../errors.ts";
import type { AwsUse } from "./aws-use.ts";
import type { Identities } from "./identities.ts";

export type Status = "ok" | "warn" | "fail" | "skipped";

/** What one check found. */
export interface Finding {
  status: Status;
  /** One sentence or figure; never a secret. */
  message: string;
  /** What to do about it; absent where there is nothing to do. */
  fix?: string;
}

/** What the checks look at. */
export interface Machine {
  context: Context;
  /** Whether AWS matters here: decides between failed, warned and skipped. */
  aws: AwsUse;
  identities: Identities;
  /** `--deep`: what takes minutes or downloads is tried too. */
  deep: boolean;
}

export interface Check {
  /** Stable, for scripts. */
  name: string;
  /** Only of interest on AWS: skipped where nothing leads there, at most a warning where it is optional. */
  aws: boolean;
  /** Milliseconds it may take; see {@link DEFAULT_TIMEOUT_MS}. */
  timeoutMs?: (machine: Machine) => number;
  run(machine: Machine, signal: AbortSignal): Promise<Finding>;
}

export interface CheckResult {
  name: string;
  status: Status;
  message: string;
  fix: string | null;
}

/** Milliseconds a check may take that says nothing else. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Runs the checks side by side, each within its time; the order of the results is that of the checks.
 * @throws InterruptedError when the command is interrupted.
 */
export async function runChecks(checks: readonly Check[], machine: Machine): Promise<CheckResult[]> {
  const { signal } = machine.context;
  const results = await Promise.all(checks.map((check) => runCheck(check, machine)));
  signal.throwIfAborted();
  return results;
}

async function runCheck(check: Check, machine: Machine): Promise<CheckResult> {
  const { name } = check;
  const { aws } = machine;
  if (check.aws && aws.level === "none") return { name, status: "skipped", message: aws.reason, fix: null };
  const { status, message, fix } = await withinTime(check, machine);
  const mild = check.aws && aws.level === "optional" && status === "fail";
  return { name, status: mild ? "warn" : status, message, fix: fix ?? null };
}

async function withinTime(check: Check, machine: Machine): Promise<Finding> {
  const milliseconds = check.timeoutMs?.(machine) ?? DEFAULT_TIMEOUT_MS;
  const abort = new AbortController();
  const interrupt = () => abort.abort(machine.context.signal.reason);
  machine.context.signal.addEventListener("abort", interrupt);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => {
      abort.abort();
      const message = `no answer within ${milliseconds / 1000} s`;
      resolve({ status: "fail", message, fix: "Check the network and proxies, then try again." });
    }, milliseconds);
  });
  try {
    return await Promise.race([check.run(machine, abort.signal).catch(failed), timeout]);
  } finally {
    clearTimeout(timer);
    machine.context.signal.removeEventListener("abort", interrupt);
  }
}

function failed(error: Error): Finding {
  if (error instanceof EdpError) return { status: "fail", message: error.message, fix: error.hint };
  return { status: "fail", message: `could not be checked: ${error.message}` };
}
