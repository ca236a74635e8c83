import type { Command } from "commander";
import { UsageError } from "../errors.ts";
import { parseGrep, type Selection } from "./selection.ts";
import { parseMoment } from "./time.ts";

/** As far back as `aws logs tail` looks. */
export const DEFAULT_SINCE = "10m";
/** As long as the engine keeps mails. */
const MAIL_SINCE = "30d";

export interface TailOptions extends Selection {
  /** `pipeline` or `pipeline/function`; empty for all, unless log groups are named. */
  targets: string[];
  logGroups: string[];
  /** As given; read against the clock when the tail starts. */
  since: string;
  until: string | undefined;
  follow: boolean;
  live: boolean;
  /** Mails that topics have sent, instead of functions' logs. */
  mail: boolean;
  /** CloudWatch filter pattern. */
  filter: string | undefined;
  /** A flag says where to look (--region, --profile, --endpoint-url): a log group needs no environment then. */
  placed: boolean;
}

export function addTailFlags(command: Command): Command {
  return command
    .option("--since <time>", `from here on: 5m, 1h30m, "2h ago", 14:05, ISO 8601`, DEFAULT_SINCE)
    .option("--until <time>", "up to here; a time in the past ends the tail there")
    .option("--no-follow", "print what there is and end")
    .option("--filter <pattern>", "CloudWatch filter pattern, applied by the service")
    .option("--grep <regex>", "only events whose text matches")
    .option("--errors", "only errors: level ERROR and FATAL, failed and timed-out invocations")
    .option("--request <id>", "only this invocation; the beginning of its request id is enough")
    .option("--log-group <name>", "a log group that edp need not know (repeatable)", collect)
    .option("--mail", "mails that the pipelines would have sent: the local engine keeps them")
    .option("--live", "have events pushed (StartLiveTail) instead of asking for them");
}

/** Mails are few and told at night: without `--since` all of them count. */
function sinceOf(given: string | undefined, mail: boolean): string {
  if (given === undefined || given === DEFAULT_SINCE) return mail ? MAIL_SINCE : DEFAULT_SINCE;
  return given;
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** @throws UsageError */
export function tailOptions(args: readonly string[], flags: Record<string, unknown>): TailOptions {
  const text = (key: string) => (typeof flags[key] === "string" ? flags[key] : undefined);
  const grep = text("grep");
  const request = text("request");
  const options: TailOptions = {
    targets: [...args],
    logGroups: [...new Set(Array.isArray(flags.logGroup) ? flags.logGroup.map(String) : [])],
    since: sinceOf(text("since"), flags.mail === true),
    until: text("until"),
    follow: flags.follow !== false,
    live: flags.live === true,
    mail: flags.mail === true,
    filter: text("filter"),
    grep: grep === undefined ? undefined : parseGrep(grep),
    errors: flags.errors === true,
    request: request?.toLowerCase(),
    placed: ["region", "profile", "endpointUrl"].some((key) => text(key) !== undefined),
  };
  if (request !== undefined && !/^[0-9a-f-]{4,36}$/i.test(request)) {
    throw new UsageError(`--request ${JSON.stringify(request)} is not a request id.`, {
      hint: "Give the id of a REPORT line, or at least its first four digits.",
    });
  }
  if (options.live && !options.follow) {
    throw new UsageError("--live and --no-follow exclude each other.", {
      hint: "Leave --live away: what there is already is printed without it.",
    });
  }
  timeRange(options, Date.now());
  return options;
}

/** Where a tail begins and ends, in milliseconds since the epoch. */
export interface TimeRange {
  from: number;
  to: number | undefined;
  /** It counts back from now. */
  relative: boolean;
}

/** @throws UsageError for a time that can't be read, or an end before the beginning */
export function timeRange({ since, until }: Pick<TailOptions, "since" | "until">, now: number): TimeRange {
  const from = parseMoment(since, "--since", now);
  const to = until === undefined ? undefined : parseMoment(until, "--until", now);
  if (to && to.at <= from.at) {
    const at = (time: number) => new Date(time).toISOString();
    throw new UsageError(`--since (${at(from.at)}) does not lie before --until (${at(to.at)}).`, {
      hint: "Ages count back from now: --since 2h --until 1h is the hour before the last.",
    });
  }
  if (from.at > now) {
    throw new UsageError(`--since ${new Date(from.at).toISOString()} lies in the future.`, {
      hint: "Times without an offset are UTC.",
    });
  }
  return { from: from.at, to: to?.at, relative: from.relative || to?.relative === true };
}
