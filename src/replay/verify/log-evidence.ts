import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { searchLogs } from "../../aws/log-search.ts";
import { objectId, reasonOf, type Watch, type Watched } from "./watch.ts";

/** Events may come into a log late by this much. */
const LATE_MS = 10_000;
/** What the lines in question hold: edp's functions name each object's ending and each dead letter, Lambda each report. */
const TERMS = ["ending", "deadLettered", "REPORT RequestId", "Invoke Error"];
/** Endings after which a message has nothing left to do. */
const GOOD = new Set(["processed", "done", "ignored"]);

interface ObjectLine {
  key?: string;
  version?: string;
  messageId?: string;
  ending?: string;
}

interface Line {
  bucket?: string;
  objects?: ObjectLine[];
  deadLettered?: boolean;
  messageId?: string;
  errorCode?: string;
  path?: string;
  message?: string;
}

type GoodEnd = "processed" | "rejected";

/** What has ended well as far as a log says. */
export interface LoggedEnds {
  /** Object versions, as `objectId` names them. */
  objects: Map<string, GoodEnd>;
  /** Messages that are about no object. */
  messages: Map<Watched, GoodEnd>;
}

/** What the functions' logs say of replayed messages. A log that can't be read is told of once, and left alone then. */
export class LogEvidence {
  readonly #seen = new Set<string>();
  readonly #failedRequests = new Set<string>();
  readonly #unreadable = new Set<string>();

  constructor(
    private readonly logs: CloudWatchLogsClient,
    private readonly logGroups: readonly string[],
    private readonly startedMs: number,
    private readonly onProblem: (problem: string) => void,
  ) {}

  /** Reads what came since the last look. Messages that died again are decided at once. */
  async look(watch: Watch, now: number, signal: AbortSignal): Promise<LoggedEnds> {
    const ended: LoggedEnds = { objects: new Map(), messages: new Map() };
    let oldest = now;
    for (const { sentMs } of watch.open) oldest = Math.min(oldest, sentMs);
    const from = Math.max(this.startedMs, oldest) - LATE_MS;
    for (const logGroup of this.logGroups) {
      if (this.#unreadable.has(logGroup)) continue;
      try {
        for await (const event of searchLogs(this.logs, { logGroup, terms: TERMS, from, signal })) {
          const id = event.eventId ?? "";
          if (this.#seen.has(id)) continue;
          this.#seen.add(id);
          this.#read(event.message ?? "", watch, ended);
        }
      } catch (error) {
        signal.throwIfAborted();
        this.#unreadable.add(logGroup);
        this.onProblem(`${logGroup} cannot be read: ${(error as Error).message}`);
      }
    }
    return ended;
  }

  #read(text: string, watch: Watch, ended: LoggedEnds): void {
    const line = parseLine(text);
    if (!line) {
      this.#readReport(text, watch, ended);
      return;
    }
    if (line.deadLettered && line.messageId !== undefined) {
      const { errorCode = null, path = null, message = null } = line;
      for (const watched of watch.named(line.messageId)) {
        watch.decide(watched, { state: "deadAgain", reason: reasonOf({ errorCode, path, message }) });
      }
    }
    const { bucket = "" } = line;
    for (const { key = "", version = "", messageId = "", ending = "" } of line.objects ?? []) {
      if (ending !== "rejected" && !GOOD.has(ending)) continue;
      const state = ending === "rejected" ? "rejected" : "processed";
      ended.objects.set(objectId({ bucket, key, version }), state);
      for (const watched of watch.named(messageId)) {
        if (watched.open.size === 0) ended.messages.set(watched, state);
      }
    }
  }

  /** Asynchronous invocations, which keep their request id: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html */
  #readReport(text: string, watch: Watch, ended: LoggedEnds): void {
    const [, failed] = /^\S+\t(\S+)\tERROR\tInvoke Error/.exec(text) ?? [];
    if (failed !== undefined) this.#failedRequests.add(failed);
    const [, reported] = /^REPORT RequestId: (\S+)/.exec(text) ?? [];
    if (reported === undefined || this.#failedRequests.delete(reported) || /\tStatus: /.test(text)) return;
    for (const watched of watch.named(reported)) {
      if (watched.destination.kind === "function") ended.messages.set(watched, "processed");
    }
  }
}

function parseLine(text: string): Line | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Line;
  } catch {
    // Another program's line.
    return undefined;
  }
}
