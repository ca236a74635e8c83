import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { filterLogPage } from "../../src/aws/logs.ts";
import { systemPause } from "../../src/ingest/pause.ts";
import { ManualClock } from "../../src/local/clock.ts";
import { createLogs, type LogsService } from "../../src/local/logs/service.ts";
import { tailOptions } from "../../src/tail/options.ts";
import { tail } from "../../src/tail/tail.ts";
import { testContext } from "../support/context.ts";
import { type Moto, motoAvailable, startMoto } from "../support/moto.ts";
import { clientSettings, engineParts, serve, temporaryDirectory } from "../support/services.ts";
import { type RecordedTerminal, recordTerminal } from "../support/terminal.ts";

const GROUP = "/aws/lambda/other";
/** The machine's own time: a clock that is off by more is corrected by what the service answers. */
const NOW = Date.now();

/** A tail in the background, and what it has shown. */
interface Running {
  messages: string[];
  terminal: RecordedTerminal;
  /** Waits until so many events have come. */
  until(count: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** Runs `edp tail --log-group` with flags against an endpoint. */
function start(
  endpoint: string,
  flags: Record<string, unknown>,
  now: () => number,
  pauseMs?: number,
): Running & { done: Promise<void> } {
  const abort = new AbortController();
  const terminal = recordTerminal();
  const context = testContext("/nonexistent", {
    env: "aws",
    endpointUrl: endpoint,
    region: "us-east-1",
    terminal,
    now,
    signal: abort.signal,
  });
  const options = tailOptions([], { logGroup: [GROUP], endpointUrl: endpoint, ...flags });
  const messages: string[] = [];
  const pause: typeof systemPause = (ms, signal) => systemPause(ms < 30_000 ? (pauseMs ?? ms) : ms, signal);
  const done = (async () => {
    for await (const line of tail(options, context, { pause, readPage: filterLogPage }))
      messages.push(line.event.message);
  })();
  const settled = done.catch(() => {});
  return {
    messages,
    terminal,
    done,
    until: async (count) => {
      // Real HTTP: there is no clock to inject between client and server.
      for (let tries = 0; messages.length < count && tries < 500; tries++)
        await Promise.race([settled, wait(10)]);
      return messages;
    },
    stop: async () => {
      abort.abort(new Error("stopped"));
      await settled;
    },
  };
}

describe("edp tail against the local engine", () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let clock: ManualClock;
  let logs: LogsService;
  let server: Awaited<ReturnType<typeof serve>>;
  let running: Running | undefined;
  const at = (offset: number, message: string) => ({ timestamp: NOW + offset, message });

  beforeEach(async () => {
    directory = await temporaryDirectory();
    clock = new ManualClock(NOW);
    logs = await createLogs(engineParts({ clock, dataDirectory: directory.path }));
    server = await serve({ logs });
    await logs.createGroup(GROUP);
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await server.close();
    await logs.close();
    await directory.remove();
  });
  const follow = (flags: Record<string, unknown> = {}) => {
    running = start(server.endpoint, flags, () => clock.now(), 5);
    return running;
  };
  const all = async (flags: Record<string, unknown> = {}) => {
    const one = start(server.endpoint, { follow: false, ...flags }, () => clock.now());
    await one.done;
    return one;
  };

  it("prints what there is once and in the order of time, whatever the order of arrival", async () => {
    const expected = Array.from({ length: 4_000 }, (_, n) => `event ${n}`);
    for (const offset of [1, 0, 3, 2]) {
      for (let stream = 0; stream < 20; stream++) {
        const mine = expected
          .map((message, n) => at(n - 5_000, message))
          .filter((_, n) => n % 4 === offset && n % 20 === stream);
        await logs.append(GROUP, `stream-${stream}`, mine);
      }
    }
    expect((await all()).messages).toEqual(expected);
  });

  it("keeps to --since and --until, both ends included", async () => {
    await logs.append(GROUP, "one", [at(-3_000, "a"), at(-2_000, "b"), at(-1_000, "c"), at(0, "d")]);
    const iso = (offset: number) => new Date(NOW + offset).toISOString();
    expect((await all({ since: iso(-2_000), until: iso(-1_000) })).messages).toEqual(["b", "c"]);
  });

  it("follows: new events, new streams and events that arrive late come once", async () => {
    await logs.append(GROUP, "one", [at(-5_000, "before")]);
    const one = follow();
    await one.until(1);
    await logs.append(GROUP, "two", [at(10, "of a new stream")]);
    await clock.advance(500);
    await one.until(2);
    await logs.append(GROUP, "three", [at(-8_000, "late")]);
    await clock.advance(500);
    expect(await one.until(3)).toEqual(["before", "of a new stream", "late"]);
  });

  it("ends with 7 for a group that is not there, and names those there are", async () => {
    await expect(all({ logGroup: ["/aws/lambda/othr"] })).rejects.toMatchObject({
      code: "NO_LOG_GROUP",
      exitCode: 7,
      message: "There is no log group /aws/lambda/othr.",
      hint: expect.stringContaining(GROUP),
    });
  });

  it("ends with 2 for a pattern that CloudWatch rejects, with its words", async () => {
    await expect(all({ filter: "{ $.level = " })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("Invalid filter pattern"),
    });
  });

  it("says that there is nothing, and where to look", async () => {
    expect((await all()).terminal.stderr).toContain("an earlier --since looks further back");
    const one = follow();
    await clock.advance(10);
    for (let tries = 0; !one.terminal.stderr.includes("waiting") && tries < 500; tries++) await wait(10);
    expect(one.terminal.stderr).toContain("Nothing yet; waiting for events.");
  });

  it("passes the pattern on, and selects errors and invocations itself", async () => {
    const id = "8f1c2b7e-0000-4000-8000-000000000001";
    await logs.append(GROUP, "one", [
      at(-9, `START RequestId: ${id} Version: 1`),
      at(-8, "inside"),
      at(-7, '{"level":"ERROR","message":"broken"}'),
      at(-6, `END RequestId: ${id}`),
      at(-5, `REPORT RequestId: ${id}\tDuration: 1.00 ms\t`),
      at(-4, '{"level":"INFO","message":"outside"}'),
    ]);
    expect((await all({ filter: '{ $.level = "INFO" }' })).messages).toEqual(["outside"]);
    expect((await all({ errors: true })).messages).toEqual(["broken"]);
    expect((await all({ request: "8f1c2b7e" })).messages.slice(1, 3)).toEqual(["inside", "broken"]);
    expect((await all({ grep: "^in" })).messages).toEqual(["inside"]);
  });

  describe("with --live", () => {
    const second = async () => {
      await wait(20);
      await clock.advance(1_000);
    };
    /** Lets a session begin and its seconds pass until so many events have come. */
    const pushed = async (one: Running, count: number) => {
      for (let tries = 0; one.messages.length < count && tries < 40; tries++) await second();
      return one.messages;
    };

    it("shows what there is, then what is pushed, each once", async () => {
      await logs.append(GROUP, "one", [at(-1_000, "before")]);
      const one = follow({ live: true });
      await one.until(1);
      for (let n = 0; n < 30; n++) {
        await logs.append(GROUP, "one", [{ timestamp: clock.now(), message: `line ${n}` }]);
        await second();
      }
      expect(await pushed(one, 31)).toEqual(["before", ...Array.from({ length: 30 }, (_, n) => `line ${n}`)]);
    });

    it("shows equal lines of one millisecond as often as they are", async () => {
      const one = follow({ live: true });
      await wait(50);
      await logs.append(GROUP, "one", [at(0, "same"), at(0, "same"), at(0, "same")]);
      await pushed(one, 3);
      for (let n = 0; n < 20; n++) await second();
      expect(one.messages).toEqual(["same", "same", "same"]);
    });

    it("says when CloudWatch pushes only a sample", async () => {
      const one = follow({ live: true });
      await logs.append(GROUP, "one", [at(0, "first")]);
      await pushed(one, 1);
      await logs.append(
        GROUP,
        "one",
        Array.from({ length: 600 }, (_, n) => at(n, `line ${n}`)),
      );
      await pushed(one, 501);
      expect(one.terminal.stderr).toContain("More than 500 events a second");
    });

    it("opens a new session before three hours are up; nothing is lost or doubled", async () => {
      const one = follow({ live: true });
      await logs.append(GROUP, "one", [at(0, "first")]);
      await pushed(one, 1);
      await clock.advance(171 * 60_000);
      const expected = ["first"];
      for (let n = 0; n < 40; n++) {
        expected.push(`line ${n}`);
        await logs.append(GROUP, "one", [{ timestamp: clock.now(), message: `line ${n}` }]);
        await second();
      }
      expect(await pushed(one, expected.length)).toEqual(expected);
      expect(one.terminal.stderr).not.toContain("broke");
    });

    it("finds what was logged while the connection was broken", async () => {
      const one = follow({ live: true });
      await logs.append(GROUP, "one", [at(0, "first")]);
      await pushed(one, 1);
      const { port } = new URL(server.endpoint);
      await server.close();
      await logs.append(GROUP, "one", [{ timestamp: clock.now(), message: "in the gap" }]);
      server = await serve({ logs }, Number(port));
      expect(await pushed(one, 2)).toEqual(["first", "in the gap"]);
      await logs.append(GROUP, "one", [{ timestamp: clock.now(), message: "after" }]);
      expect(await pushed(one, 3)).toEqual(["first", "in the gap", "after"]);
      expect(one.terminal.stderr).toMatch(/session (broke|ended)/);
    });
  });
});

describe("edp tail against a service of another kind", () => {
  const answering = async (answer: (action: string) => { status: number; body: Buffer | string }) => {
    const server = createServer((request, response) => {
      const { status, body } = answer(String(request.headers["x-amz-target"]).split(".").at(-1) ?? "");
      request
        .resume()
        .on("end", () =>
          response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(body),
        );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () => server.close(),
    };
  };

  it("replaces bytes that are no UTF-8", async () => {
    const event = `{"eventId":"1","logStreamName":"s","timestamp":${NOW},"ingestionTime":${NOW},"message":"a`;
    const body = Buffer.concat([
      Buffer.from(`{"events":[${event}`),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('b"}]}'),
    ]);
    const server = await answering(() => ({ status: 200, body }));
    const one = start(server.endpoint, { follow: false }, () => NOW);
    await one.done;
    expect(one.messages).toEqual(["a\ufffd\ufffdb"]);
    server.close();
  });

  it("asks for events where --live is not served, and says so", async () => {
    const found = { events: [{ eventId: "1", logStreamName: "s", timestamp: NOW, message: "line" }] };
    const groups = {
      logGroups: [{ logGroupName: GROUP, logGroupArn: `arn:aws:logs:us-east-1:1:log-group:${GROUP}` }],
    };
    let calls = 0;
    const server = await answering((action) => {
      if (action === "StartLiveTail") return { status: 501, body: '{"__type":"NotImplemented"}' };
      if (action === "DescribeLogGroups") return { status: 200, body: JSON.stringify(groups) };
      // Nothing at first: the event comes by asking again.
      return { status: 200, body: JSON.stringify(calls++ === 0 ? { events: [] } : found) };
    });
    const one = start(server.endpoint, { live: true }, Date.now, 5);
    expect(await one.until(1)).toEqual(["line"]);
    expect(one.terminal.stderr).toContain("asking for events instead");
    await one.stop();
    server.close();
  });

  it("counts ages from the service's clock where this machine's is off", async () => {
    const ahead = 45 * 60_000;
    const asked: number[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        asked.push((JSON.parse(Buffer.concat(chunks).toString()) as { startTime: number }).startTime);
        response.setHeader("date", new Date(Date.now() + ahead).toUTCString());
        response.end('{"events":[]}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const one = start(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      { follow: false, since: "5m" },
      Date.now,
    );
    await one.done;
    expect(one.terminal.stderr).toMatch(/This machine's clock is 4[45]m behind CloudWatch's/);
    expect(Math.abs((asked.at(-1) ?? 0) - (Date.now() + ahead - 5 * 60_000))).toBeLessThan(60_000);
    server.close();
  });
});

describe.skipIf(!motoAvailable())("edp tail against moto", () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto?.stop());

  it("prints each event of many streams once and in the order of time", async () => {
    const client = new CloudWatchLogsClient(clientSettings(moto.endpoint));
    await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
    const expected = Array.from({ length: 3_000 }, (_, n) => `event ${n}`);
    for (const stream of [3, 1, 0, 2]) {
      const logStreamName = `stream-${stream}`;
      await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName }));
      const logEvents = expected
        .map((message, n) => ({ message, timestamp: NOW - 60_000 + n }))
        .filter((_, n) => n % 4 === stream);
      await client.send(new PutLogEventsCommand({ logGroupName: GROUP, logStreamName, logEvents }));
    }
    client.destroy();
    const one = start(moto.endpoint, { follow: false }, Date.now);
    await one.done;
    expect(one.messages).toEqual(expected);
  });
});
