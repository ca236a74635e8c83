import { appendFile, readdir } from "node:fs/promises";
import path from "node:path";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  type FilteredLogEvent,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
  StartLiveTailCommand,
  TagResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/local/clock.ts";
import { createLogs, type LogsService } from "../../src/local/logs/service.ts";
import { engineParts, serve, temporaryDirectory } from "../support/services.ts";

const NOW = Date.UTC(2026, 10, 21, 3);
const DAY_MS = 24 * 3600 * 1000;
const GROUP = "/aws/lambda/under-test";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let clock: ManualClock;
let logs: LogsService;
let server: Awaited<ReturnType<typeof serve>>;
let client: CloudWatchLogsClient;

async function start() {
  logs = await createLogs(engineParts({ clock, dataDirectory: directory.path }));
  server = await serve({ logs });
  client = new CloudWatchLogsClient(server.settings);
}

async function stop() {
  client.destroy();
  await server.close();
  await logs.close();
}

beforeEach(async () => {
  directory = await temporaryDirectory();
  clock = new ManualClock(NOW);
  await start();
});
afterEach(async () => {
  await stop();
  await directory.remove();
});

/** Every event that FilterLogEvents finds, over all pages. */
async function filter(input: Partial<FilterLogEventsCommandInput> = {}): Promise<FilteredLogEvent[]> {
  const events: FilteredLogEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...input, nextToken }));
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return events;
}

const at = (offset: number, message: string) => ({ timestamp: NOW + offset, message });
const messages = (events: { message?: string }[] = []) => events.map(({ message }) => message);

describe("log groups", () => {
  it("are created, described by prefix and pattern in pages, and deleted", async () => {
    for (const name of ["/aws/lambda/a", "/aws/lambda/b", "/other/Lambda"]) {
      await client.send(new CreateLogGroupCommand({ logGroupName: name, tags: { env: "local" } }));
    }
    await expect(
      client.send(new CreateLogGroupCommand({ logGroupName: "/aws/lambda/a" })),
    ).rejects.toMatchObject({
      name: "ResourceAlreadyExistsException",
    });
    const first = await client.send(new DescribeLogGroupsCommand({ limit: 2 }));
    expect(first.logGroups?.map((group) => group.logGroupName)).toEqual(["/aws/lambda/a", "/aws/lambda/b"]);
    const second = await client.send(new DescribeLogGroupsCommand({ limit: 2, nextToken: first.nextToken }));
    expect(second.logGroups?.map((group) => group.logGroupName)).toEqual(["/other/Lambda"]);
    expect(second.nextToken).toBeUndefined();
    const byPattern = await client.send(new DescribeLogGroupsCommand({ logGroupNamePattern: "lambda" }));
    expect(byPattern.logGroups).toHaveLength(3);
    await client.send(new DeleteLogGroupCommand({ logGroupName: "/aws/lambda/a" }));
    const byPrefix = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/aws/" }));
    expect(byPrefix.logGroups?.map((group) => group.logGroupName)).toEqual(["/aws/lambda/b"]);
  });

  it("keep retention and tags over a restart", async () => {
    await client.send(new CreateLogGroupCommand({ logGroupName: GROUP, tags: { a: "1" } }));
    await client.send(new PutRetentionPolicyCommand({ logGroupName: GROUP, retentionInDays: 30 }));
    const [group] = (await client.send(new DescribeLogGroupsCommand({}))).logGroups ?? [];
    await client.send(new TagResourceCommand({ resourceArn: group?.logGroupArn, tags: { b: "2" } }));
    await stop();
    await start();
    const [restored] = (await client.send(new DescribeLogGroupsCommand({}))).logGroups ?? [];
    expect(restored).toMatchObject({ logGroupName: GROUP, retentionInDays: 30, creationTime: NOW });
    const tags = await client.send(new ListTagsForResourceCommand({ resourceArn: group?.logGroupArn }));
    expect(tags.tags).toEqual({ a: "1", b: "2" });
  });

  it("of the same name made anew know nothing of the old one's events", async () => {
    await logs.append(GROUP, "one", [at(0, "old")]);
    await client.send(new DeleteLogGroupCommand({ logGroupName: GROUP }));
    await expect(filter()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await logs.append(GROUP, "one", [at(1, "new")]);
    expect(messages(await filter())).toEqual(["new"]);
  });
});

describe("PutLogEvents", () => {
  beforeEach(async () => {
    await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
    await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: "one" }));
  });
  const put = (...logEvents: { timestamp: number; message: string }[]) =>
    client.send(new PutLogEventsCommand({ logGroupName: GROUP, logStreamName: "one", logEvents }));

  it("stores events and names those that are too old or too new", async () => {
    const tooNew = await put(at(0, "now"), at(3 * 3600 * 1000, "in three hours"));
    expect(tooNew.rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 1 });
    const tooOld = await put(at(-14 * DAY_MS - 1, "long ago"), at(-14 * DAY_MS, "just in time"));
    expect(tooOld.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
    expect(messages(await filter())).toEqual(["just in time", "now"]);
  });

  it("refuses batches that are out of order, longer than a day or larger than 1 MB", async () => {
    await expect(put(at(1, "b"), at(0, "a"))).rejects.toMatchObject({ name: "InvalidParameterException" });
    await expect(put(at(-DAY_MS - 1, "a"), at(0, "b"))).rejects.toThrow(/24 hours/);
    await expect(put(at(0, "x".repeat(1_048_576 - 25)))).rejects.toThrow(/Upload too large/);
    await put(at(0, "x".repeat(1_048_576 - 26)));
  });

  it("needs an existing stream", async () => {
    await expect(
      client.send(
        new PutLogEventsCommand({ logGroupName: GROUP, logStreamName: "two", logEvents: [at(0, "a")] }),
      ),
    ).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });
});

describe("FilterLogEvents", () => {
  it("merges the streams by time, whatever the order of arrival", async () => {
    await logs.append(GROUP, "one", [at(0, "a"), at(20, "c"), at(40, "e")]);
    await logs.append(GROUP, "two", [at(10, "b"), at(30, "d")]);
    const found = await filter();
    expect(messages(found)).toEqual(["a", "b", "c", "d", "e"]);
    expect(found[1]).toMatchObject({ logStreamName: "two", timestamp: NOW + 10, ingestionTime: NOW });
  });

  it("finds each event once over pages, with ids that stay the same", async () => {
    for (let n = 0; n < 25; n++) await logs.append(GROUP, `stream-${n % 3}`, [at(n % 5, `event ${n}`)]);
    const whole = await filter();
    const paged = await filter({ limit: 4 });
    expect(paged.map(({ eventId }) => eventId)).toEqual(whole.map(({ eventId }) => eventId));
    expect(new Set(whole.map(({ eventId }) => eventId)).size).toBe(25);
  });

  it("keeps to the time range, both ends included, and to the chosen streams", async () => {
    await logs.append(GROUP, "one", [at(0, "a"), at(1, "b"), at(2, "c"), at(3, "d")]);
    await logs.append(GROUP, "other", [at(2, "o")]);
    expect(messages(await filter({ startTime: NOW + 1, endTime: NOW + 2 }))).toEqual(["b", "c", "o"]);
    expect(messages(await filter({ logStreamNames: ["other"] }))).toEqual(["o"]);
    expect(messages(await filter({ logStreamNamePrefix: "on", startTime: NOW + 3 }))).toEqual(["d"]);
    await expect(filter({ logStreamNames: ["absent"] })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  it("filters by pattern and refuses one that is not valid", async () => {
    await logs.append(GROUP, "one", [
      at(0, '{"level":"ERROR","n":1}'),
      at(1, '{"level":"INFO","n":2}'),
      at(2, "plain ERROR line"),
    ]);
    expect(await filter({ filterPattern: '{ $.level = "ERROR" }' })).toHaveLength(1);
    expect(messages(await filter({ filterPattern: "ERROR -plain" }))).toEqual(['{"level":"ERROR","n":1}']);
    await expect(filter({ filterPattern: "{ $.level" })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
  });

  it("no longer finds what retention has ended", async () => {
    await logs.createGroup(GROUP, 1);
    await logs.append(GROUP, "one", [at(0, "yesterday")]);
    await clock.advance(DAY_MS + 1);
    await logs.append(GROUP, "one", [at(DAY_MS, "today")]);
    expect(messages(await filter())).toEqual(["today"]);
  });

  it("finds everything again after a restart, but for the line that a crash tore", async () => {
    await logs.append(GROUP, "one", [at(0, "before"), at(1, "übrig\nin two lines")]);
    await stop();
    const [folder] = (await readdir(path.join(directory.path, "logs"))).filter((name) => !name.includes("."));
    const [segment] = await readdir(path.join(directory.path, "logs", folder ?? ""));
    await appendFile(
      path.join(directory.path, "logs", folder ?? "", segment ?? ""),
      '0badc0de 17 17 1 "torn',
    );
    await start();
    await logs.append(GROUP, "one", [at(2, "after")]);
    expect(messages(await filter())).toEqual(["before", "übrig\nin two lines", "after"]);
  });

  it("stays cheap with 50,000 events in 20 streams", async () => {
    const before = process.memoryUsage().heapUsed;
    for (let batch = 0; batch < 500; batch++) {
      const events = Array.from({ length: 100 }, (_, n) =>
        at(batch * 100 + n, `line ${batch * 100 + n} ${"x".repeat(80)}`),
      );
      await logs.append(GROUP, `stream-${batch % 20}`, events);
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60 * 1024 * 1024);
    const started = performance.now();
    const found = await filter({ filterPattern: '"line 4999"' });
    // line 4999 and 49990 to 49999
    expect(found).toHaveLength(11);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe("GetLogEvents", () => {
  const get = (input: { nextToken?: string; startFromHead?: boolean; limit?: number }) =>
    client.send(new GetLogEventsCommand({ logGroupName: GROUP, logStreamName: "one", ...input }));

  it("goes forward from the head, and at the end gives the token back unchanged", async () => {
    await logs.append(GROUP, "one", [at(0, "a"), at(1, "b"), at(2, "c")]);
    const first = await get({ startFromHead: true, limit: 2 });
    expect(messages(first.events)).toEqual(["a", "b"]);
    const second = await get({ nextToken: first.nextForwardToken, limit: 2 });
    expect(messages(second.events)).toEqual(["c"]);
    const end = await get({ nextToken: second.nextForwardToken });
    expect(end.events).toEqual([]);
    expect(end.nextForwardToken).toBe(second.nextForwardToken);
    await logs.append(GROUP, "one", [at(3, "d")]);
    expect(messages((await get({ nextToken: end.nextForwardToken })).events)).toEqual(["d"]);
  });

  it("begins with the newest and goes backward", async () => {
    await logs.append(GROUP, "one", [at(0, "a"), at(1, "b"), at(2, "c")]);
    const newest = await get({ limit: 2 });
    expect(messages(newest.events)).toEqual(["b", "c"]);
    const older = await get({ nextToken: newest.nextBackwardToken, limit: 2 });
    expect(messages(older.events)).toEqual(["a"]);
    expect((await get({ nextToken: older.nextBackwardToken })).nextBackwardToken).toBe(
      older.nextBackwardToken,
    );
  });

  it("refuses a token of somewhere else", async () => {
    await logs.append(GROUP, "one", [at(0, "a")]);
    await expect(get({ nextToken: "f/nonsense" })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
  });
});

describe("DescribeLogStreams", () => {
  it("orders by name or by the newest event, and knows the times of each", async () => {
    await logs.append(GROUP, "a", [at(5, "later")]);
    await logs.append(GROUP, "b", [at(1, "early"), at(9, "latest")]);
    await stop();
    await start();
    const byName = await client.send(new DescribeLogStreamsCommand({ logGroupName: GROUP }));
    expect(byName.logStreams?.map((stream) => stream.logStreamName)).toEqual(["a", "b"]);
    const byTime = await client.send(
      new DescribeLogStreamsCommand({ logGroupName: GROUP, orderBy: "LastEventTime", descending: true }),
    );
    expect(byTime.logStreams?.[0]).toMatchObject({
      logStreamName: "b",
      firstEventTimestamp: NOW + 1,
      lastEventTimestamp: NOW + 9,
    });
    await client.send(new DeleteLogStreamCommand({ logGroupName: GROUP, logStreamName: "b" }));
    expect(messages(await filter())).toEqual(["later"]);
  });
});

describe("StartLiveTail", () => {
  const open = async (input: { logGroupIdentifiers: string[]; logEventFilterPattern?: string }) => {
    const direct = new CloudWatchLogsClient({ ...server.settings, disableHostPrefix: true });
    const { responseStream } = await direct.send(new StartLiveTailCommand(input));
    const pieces = responseStream?.[Symbol.asyncIterator]();
    if (!pieces) throw new Error("no stream");
    return { next: async () => (await pieces.next()).value, close: () => direct.destroy() };
  };
  const arn = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`;

  it("sends what is logged from now on, once a second", async () => {
    await logs.append(GROUP, "one", [at(0, "before")]);
    const session = await open({ logGroupIdentifiers: [arn] });
    expect((await session.next()).sessionStart).toMatchObject({ logGroupIdentifiers: [arn] });
    await logs.append(GROUP, "two", [at(5, "now, übrig")]);
    await clock.advance(1_000);
    expect((await session.next()).sessionUpdate).toEqual({
      sessionMetadata: { sampled: false },
      sessionResults: [
        {
          logGroupIdentifier: arn,
          logStreamName: "two",
          message: "now, übrig",
          timestamp: NOW + 5,
          ingestionTime: NOW,
        },
      ],
    });
    await clock.advance(1_000);
    expect((await session.next()).sessionUpdate.sessionResults).toEqual([]);
    session.close();
  });

  it("keeps to the filter pattern, and samples more than 500 events a second", async () => {
    await logs.createGroup(GROUP);
    const session = await open({ logGroupIdentifiers: [arn], logEventFilterPattern: "wanted" });
    await session.next();
    const events = Array.from({ length: 600 }, (_, n) => at(n, `wanted ${n}`));
    await logs.append(GROUP, "one", [...events, at(700, "other")]);
    await clock.advance(1_000);
    const { sessionUpdate } = await session.next();
    expect(sessionUpdate.sessionMetadata).toEqual({ sampled: true });
    expect(sessionUpdate.sessionResults).toHaveLength(500);
    session.close();
  });

  it("ends with a SessionTimeoutException after three hours", async () => {
    await logs.createGroup(GROUP);
    const session = await open({ logGroupIdentifiers: [arn] });
    await session.next();
    await clock.advance(3 * 3600 * 1000 - 1_000);
    await clock.advance(2_000);
    const rest = async () => {
      for (;;) await session.next();
    };
    await expect(rest()).rejects.toMatchObject({ name: "SessionTimeoutException" });
    session.close();
  });

  it("refuses groups that are not there and patterns that are not valid", async () => {
    await expect(open({ logGroupIdentifiers: [`${arn}x`] })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    await logs.createGroup(GROUP);
    await expect(open({ logGroupIdentifiers: [arn], logEventFilterPattern: "{ $.a" })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
  });
});
