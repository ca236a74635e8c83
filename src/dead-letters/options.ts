import type { Command } from "commander";
import { UsageError } from "../errors.ts";

/** Messages that are listed one by one unless `--messages` says otherwise; `--json` has all. */
const LISTED = 20;

export interface DeadLetterOptions {
  pipelines: string[];
  /** URLs of `--queue`. */
  queues: string[];
  /** Log groups to search for causes, for queues that edp doesn't know. */
  logGroups: string[];
  where: string | undefined;
  follow: boolean;
  /** Messages listed one by one, per queue. */
  messages: number;
}

export function addDeadLetterFlags(command: Command): Command {
  return command
    .option("--dlq", "look into the dead-letter queues, without consuming, and group them by cause")
    .option("--queue <url>", "with --dlq: this queue, deployed by edp or not (repeatable)", collect)
    .option("--where <jmespath>", "with --dlq: only dead letters that this selects")
    .option(
      "--messages [count]",
      `what lies in the queues that functions write to, without consuming; with --dlq: messages listed one by one, or \`all\` (default: ${LISTED})`,
    );
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Whether the flags ask for dead letters instead of logs. */
export function asksForDeadLetters(flags: Record<string, unknown>): boolean {
  return flags.dlq === true || list(flags.queue).length > 0;
}

/** @throws UsageError */
export function deadLetterOptions(
  targets: readonly string[],
  flags: Record<string, unknown>,
): DeadLetterOptions {
  const queues = list(flags.queue);
  if (queues.length > 0 && targets.length > 0) {
    throw new UsageError("Pipelines and --queue exclude each other.", { hint: "Give one or the other." });
  }
  return {
    pipelines: [...targets],
    queues,
    logGroups: list(flags.logGroup),
    where: typeof flags.where === "string" ? flags.where : undefined,
    follow: flags.follow !== false,
    messages: messageCount(flags.messages),
  };
}

function messageCount(given: unknown): number {
  if (given === undefined || given === true) return LISTED;
  if (given === "all") return Number.POSITIVE_INFINITY;
  if (typeof given === "string" && /^\d+$/.test(given)) return Number(given);
  throw new UsageError(`--messages ${String(given)} is neither a number nor \`all\`.`);
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}
