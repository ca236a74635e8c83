import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import {
  type filterLogPage,
  findLogGroups,
  type LogPage,
  type LogQuery,
  type RawEvent,
} from "../aws/logs.ts";
import { faultOf, logsError } from "../aws/logs-errors.ts";
import { NotDeployedError } from "../errors.ts";
import type { Pause } from "../ingest/pause.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { LogSource } from "./event.ts";

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** How long a service that throttles or doesn't answer any more is waited for. */
const PATIENCE_MS = 5 * 60_000;
/** A local engine that is being restarted. */
const LOCAL_PATIENCE_MS = 30_000;
/** Names shown of the groups there are. */
const NAMES_SHOWN = 5;

export interface ReaderParts {
  client: CloudWatchLogsClient;
  readPage: typeof filterLogPage;
  /** Null for AWS itself. */
  endpoint: string | null;
  /** The engine or an emulator on this machine. */
  nearby: boolean;
  terminal: Terminal;
  pause: Pause;
  now(): number;
  signal: AbortSignal;
}

/** Reads log groups through throttling, lost connections and missing groups. */
export class LogReader {
  /** The last event that was shown, in milliseconds since the epoch: where a tail that breaks off goes on. */
  position: number | undefined;
  /** Grows while CloudWatch throttles; whoever asks again and again asks that much more slowly. */
  slowdown = 1;
  #answered = false;
  #missing = new Set<string>();

  constructor(
    private readonly parts: ReaderParts,
    private readonly sources: readonly LogSource[],
  ) {}

  /** Pages in the order of time. A deployed function's group that isn't there has none, and that is said once. */
  async *pages(
    source: LogSource,
    query: Omit<LogQuery, "group" | "limit">,
    firstLimit?: number,
  ): AsyncGenerator<RawEvent[]> {
    let nextToken: string | undefined;
    let limit = firstLimit;
    do {
      const page = await this.#page(source, { ...query, group: source.group, limit }, nextToken);
      if (!page) return;
      nextToken = page.nextToken;
      limit = undefined;
      yield page.events;
    } while (nextToken !== undefined);
  }

  /** The user's error for what StartLiveTail and others throw in the middle of a tail. */
  explain(error: unknown, action: string, group: string): unknown {
    this.parts.signal.throwIfAborted();
    const { endpoint } = this.parts;
    const resume =
      this.position === undefined
        ? undefined
        : `Shown up to ${at(this.position)}; --since ${at(this.position)} goes on there.`;
    return logsError(error, { action, group, endpoint, resume }) ?? error;
  }

  async #page(source: LogSource, query: LogQuery, token: string | undefined): Promise<LogPage | undefined> {
    const { client, readPage, signal, now, pause, terminal } = this.parts;
    let failingSince: number | undefined;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      try {
        const page = await readPage(client, query, token, signal);
        if (failingSince !== undefined) terminal.note("CloudWatch Logs answers again.");
        this.#succeeded(source, page);
        return page;
      } catch (error) {
        signal.throwIfAborted();
        const fault = faultOf(error);
        if (fault === "missing") {
          await this.#missed(source, error);
          return undefined;
        }
        const first = failingSince === undefined;
        failingSince ??= now();
        const patience = this.parts.nearby ? LOCAL_PATIENCE_MS : PATIENCE_MS;
        const hopeless = fault === "unreachable" && !this.#answered;
        if (fault === "final" || hopeless || now() - failingSince > patience) {
          throw this.explain(error, "FilterLogEvents", source.group);
        }
        if (fault === "throttled") this.slowdown = Math.min(this.slowdown * 2, 16);
        const what = fault === "throttled" ? "throttles" : "does not answer";
        const line = `CloudWatch Logs ${what} (${(error as Error).name}: ${(error as Error).message}); trying again in ${pauseMs / 1_000} s`;
        if (first && fault === "unreachable") terminal.note(line);
        else terminal.debug(line);
        await pause(pauseMs, signal);
      }
    }
  }

  #succeeded(source: LogSource, page: LogPage): void {
    this.#answered = true;
    if (this.#missing.delete(source.group))
      this.parts.terminal.note(`${source.label}: its log group is there now`);
    if (page.attempts === 1) {
      this.slowdown = Math.max(1, this.slowdown / 2);
      return;
    }
    this.slowdown = Math.min(this.slowdown * 2, 16);
    this.parts.terminal.debug(
      `${source.label}: CloudWatch Logs throttled, answered at attempt ${page.attempts}`,
    );
  }

  /** @throws NotDeployedError for a group that was named, or when none of the functions' groups is there */
  async #missed(source: LogSource, cause: unknown): Promise<void> {
    this.#answered = true;
    if (source.pipeline === null) throw await this.#noSuchGroup(source.group, cause);
    const known = this.#missing.has(source.group);
    this.#missing.add(source.group);
    if (this.#missing.size === this.sources.length) {
      throw new NotDeployedError(`There is no log group ${source.group}.`, {
        code: "NO_LOG_GROUP",
        hint: "The environment is not complete: deploy it again (npx edp deploy).",
        cause,
      });
    }
    if (!known) this.parts.terminal.note(`${source.label}: there is no log group ${source.group} yet`);
  }

  async #noSuchGroup(group: string, cause: unknown): Promise<NotDeployedError> {
    const names = await this.#similar(group);
    const hint =
      names.length === 0
        ? "Check the name, --region and --profile."
        : `There ${names.length === 1 ? "is" : "are"}: ${names.slice(0, NAMES_SHOWN).join(", ")}${names.length > NAMES_SHOWN ? ", ..." : ""}`;
    return new NotDeployedError(`There is no log group ${group}.`, { code: "NO_LOG_GROUP", hint, cause });
  }

  /** Groups that share the last word of the name, else any. */
  async #similar(group: string): Promise<string[]> {
    const { client, terminal } = this.parts;
    const word = group.split(/[/_-]/).findLast((part) => part.length > 2);
    try {
      const alike = word ? await findLogGroups(client, { pattern: word }) : [];
      const found = alike.length > 0 ? alike : await findLogGroups(client, {});
      return found.map(({ name }) => name).filter((name) => name !== group);
    } catch (error) {
      // Only a help: the group is missing either way.
      terminal.debug(`the log groups could not be listed: ${(error as Error).message}`);
      return [];
    }
  }
}

function at(time: number): string {
  return new Date(time).toISOString();
}
