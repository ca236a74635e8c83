import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { beforeEach, describe, expect, it } from "vitest";
import type { LogPage, LogQuery, RawEvent } from "../../../src/aws/logs.ts";
import type { LogSource } from "../../../src/tail/event.ts";
import { createMemories, follow } from "../../../src/tail/follow.ts";
import { LogReader } from "../../../src/tail/log-reader.ts";
import { type RecordedTerminal, recordTerminal } from "../../support/terminal.ts";

const START = Date.UTC(2026, 0, 31, 14, 0, 0);
const GROUP: LogSource = { group: "g", pipeline: "p", function: "f", label: "p/f" };
const OTHER: LogSource = { group: "h", pipeline: "p", function: "h", label: "p/h" };

/** A log service that tests fill, and time that passes only when the tail pauses. */
class FakeLogs {
  now = START;
  queries: LogQuery[] = [];
  /** Faults that the next calls end with. */
  faults: unknown[] = [];
  /** Events of one page at most. */
  pageSize = 1_000;
  readonly terminal: RecordedTerminal;
  #events: (RawEvent & { group: string })[] = [];
  #next = 0;

  constructor(readonly abort: AbortController) {
    this.terminal = recordTerminal({ verbose: true, debug: (line) => this.terminal.note(line) });
  }

  put(message: string, timestamp = this.now, group = "g"): void {
    const id = String(this.#next++);
    this.#events.push({ id, timestamp, ingestionTime: this.now, stream: "s", message, group });
  }

  readPage = async (_client: unknown, query: LogQuery, token: string | undefined): Promise<LogPage> => {
    this.queries.push(query);
    const fault = this.faults.shift();
    if (fault) throw fault;
    const { group, from, to = Number.POSITIVE_INFINITY } = query;
    const found = this.#events
      .filter((event) => event.group === group && event.timestamp >= from && event.timestamp <= to)
      .sort((a, b) => a.timestamp - b.timestamp);
    // Every other page is empty and has a token, as AWS does it.
    const step = Number(token ?? 0);
    const at = Math.floor(step / 2) * this.pageSize;
    const events = step % 2 === 0 ? [] : found.slice(at, at + this.pageSize);
    const more = step % 2 === 0 || at + this.pageSize < found.length;
    return { events, attempts: 1, ...(more ? { nextToken: String(step + 1) } : {}) };
  };

  /** Follows for `rounds` pauses; `during` is called in each. Returns the messages in the order in which they came. */
  async follow(
    rounds: number,
    during: (round: number) => void = () => {},
    sources = [GROUP],
    to?: number,
  ): Promise<string[]> {
    const { terminal, abort, readPage } = this;
    const now = () => this.now;
    let round = 0;
    const pause = async (ms: number) => {
      this.now += ms;
      during(round++);
      if (round > rounds) throw abort.signal.reason ?? new Error("enough");
    };
    const signal = abort.signal;
    const client = new CloudWatchLogsClient({ region: "us-east-1" });
    const reader = new LogReader(
      { client, readPage, endpoint: null, nearby: true, terminal, pause, now, signal },
      sources,
    );
    const messages: string[] = [];
    const range = { from: START - 600_000, to, filter: undefined };
    try {
      for await (const { event } of follow(sources, createMemories(sources), range, {
        reader,
        nearby: true,
        pause,
        now,
        signal,
      })) {
        messages.push(event.message);
        reader.position = event.timestamp;
      }
    } catch (error) {
      if ((error as Error).message !== "enough") throw error;
    }
    return messages;
  }
}

describe("following", () => {
  let logs: FakeLogs;
  beforeEach(() => {
    logs = new FakeLogs(new AbortController());
  });

  it("shows each event once, though every window overlaps the one before", async () => {
    const expected: string[] = [];
    const messages = await logs.follow(60, (round) => {
      if (round >= 50) return;
      for (let n = 0; n < 3; n++) {
        expected.push(`${round}.${n}`);
        logs.put(`${round}.${n}`);
      }
    });
    expect(messages).toEqual(expected);
  });

  it("pages through more than a page holds, over empty pages", async () => {
    logs.pageSize = 2;
    const messages = await logs.follow(8, (round) => {
      if (round === 1) for (let n = 0; n < 9; n++) logs.put(`event ${n}`, logs.now + n);
    });
    expect(messages).toEqual(Array.from({ length: 9 }, (_, n) => `event ${n}`));
  });

  it("finds what arrives late: by seconds at once, by minutes soon, by an hour in the end", async () => {
    const indexOfLate = async (lateMs: number) => {
      logs = new FakeLogs(new AbortController());
      logs.put("first");
      // The range begins ten minutes before the start: an hour passes first.
      logs.now += 3_600_000;
      const messages = await logs.follow(400, (round) => {
        logs.put(`line ${round}`);
        if (round === 10) {
          logs.put("late", logs.now - lateMs);
        }
      });
      expect(messages.filter((message) => message === "late")).toHaveLength(1);
      return messages.indexOf("late");
    };
    expect(await indexOfLate(10_000)).toBeLessThan(20);
    expect(await indexOfLate(4 * 60_000)).toBeLessThan(40);
    expect(await indexOfLate(50 * 60_000)).toBeLessThan(200);
  });

  it("puts events of one moment in the order of time, whichever group is asked first", async () => {
    const messages = await logs.follow(
      6,
      (round) => {
        if (round !== 1) return;
        logs.put("second", logs.now - 5, "g");
        logs.put("first", logs.now - 10, "h");
        logs.put("third", logs.now, "h");
      },
      [GROUP, OTHER],
    );
    expect(messages).toEqual(["first", "second", "third"]);
  });

  it("shows events whose sender's clock is ahead, and what comes after them", async () => {
    const messages = await logs.follow(12, (round) => {
      if (round === 1) logs.put("from the future", logs.now + 3_600_000);
      if (round === 5) logs.put("now");
    });
    expect(messages).toEqual(["from the future", "now"]);
  });

  it("ends at --until", async () => {
    const messages = await logs.follow(100, (round) => logs.put(`line ${round}`), [GROUP], START + 4_000);
    expect(messages).toEqual(Array.from({ length: 10 }, (_, n) => `line ${n}`));
  });

  it("backs off while CloudWatch throttles, says so with --verbose, and loses nothing", async () => {
    const throttled = Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
    const messages = await logs.follow(20, (round) => {
      if (round === 1) {
        logs.put("line");
        logs.faults = [throttled, throttled, throttled];
      }
    });
    expect(messages).toEqual(["line"]);
    expect(logs.terminal.stderr).toContain(
      "throttles (ThrottlingException: Rate exceeded); trying again in 1 s",
    );
    expect(logs.terminal.stderr).toContain("trying again in 4 s");
  });

  it("goes on when a connection that is lost comes back", async () => {
    const lost = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    const messages = await logs.follow(20, (round) => {
      if (round === 2) {
        logs.put("line");
        logs.faults = [lost, lost];
      }
    });
    expect(messages).toEqual(["line"]);
    expect(logs.terminal.stderr).toContain("does not answer");
    expect(logs.terminal.stderr).toContain("answers again");
  });

  it("gives up with exit code 7 when nothing answers from the start", async () => {
    logs.faults = [Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })];
    await expect(logs.follow(3)).rejects.toMatchObject({ code: "UNREACHABLE", exitCode: 7 });
  });

  it("says where it stopped when the credentials expire in the middle", async () => {
    const expired = Object.assign(new Error("The security token included in the request is expired"), {
      name: "ExpiredTokenException",
    });
    const run = logs.follow(30, (round) => {
      if (round === 1) logs.put("line", START + 500);
      if (round === 10) logs.faults = [expired];
    });
    await expect(run).rejects.toMatchObject({
      exitCode: 4,
      code: "CREDENTIALS_EXPIRED",
      message: expect.stringContaining("--since 2026-01-31T14:00:00.500Z goes on there"),
    });
  });

  it("names the action that is missing where reading is not allowed", async () => {
    logs.faults = [Object.assign(new Error("not authorized"), { name: "AccessDeniedException" })];
    await expect(logs.follow(3)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining("logs:FilterLogEvents"),
    });
  });

  it("asks on where one of the functions has no log group yet, and ends where none has", async () => {
    const missing = () =>
      Object.assign(new Error("The specified log group does not exist."), {
        name: "ResourceNotFoundException",
      });
    const messages = await logs.follow(
      12,
      (round) => {
        if (round === 1) logs.faults = [missing()];
        if (round === 2) logs.put("line");
      },
      [GROUP, OTHER],
    );
    expect(messages).toEqual(["line"]);
    expect(logs.terminal.stderr).toMatch(/there is no log group [gh] yet\n.*its log group is there now/);
    logs = new FakeLogs(new AbortController());
    logs.faults = [missing()];
    await expect(logs.follow(3)).rejects.toMatchObject({ exitCode: 7, code: "NO_LOG_GROUP" });
  });

  it("remembers no more than it must: an hour at a hundred events a second", async () => {
    const sources = [GROUP];
    const memories = createMemories(sources);
    const memory = memories.get("g");
    for (let n = 0; n < 400_000; n++) memory?.add(`event ${n}`, START + n * 10);
    expect(memory?.size).toBeLessThanOrEqual(200_000);
  });
});
