import { writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../../../src/local/clock.ts";
import { unpackBundle } from "../../../../src/local/lambda/bundle.ts";
import { EnvironmentPool, MAX_ENVIRONMENTS } from "../../../../src/local/lambda/environment-pool.ts";
import { functionVersion } from "../../../../src/local/lambda/function.ts";
import { invokeFunction } from "../../../../src/local/lambda/invocation.ts";
import { buildWorker, recordLogs, recordMetrics, writeBundle } from "../../../support/lambda.ts";
import { temporaryDirectory } from "../../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let workerPath: string;
let bundles = 0;
const open: EnvironmentPool[] = [];

beforeAll(async () => {
  directory = await temporaryDirectory();
  workerPath = await buildWorker(directory.path);
});
afterEach(async () => {
  for (const pool of open.splice(0)) await pool.close();
});
afterAll(() => directory.remove());

async function deploy(
  source: string,
  settings: {
    environment?: Record<string, string>;
    timeoutSeconds?: number;
    memoryMb?: number;
    file?: string;
  } = {},
) {
  const clock = new ManualClock();
  const logs = recordLogs();
  const metrics = recordMetrics();
  const file = settings.file ?? "index.mjs";
  const zip = await writeBundle(directory.path, { [file]: source }, `bundle-${++bundles}`);
  const bundle = await unpackBundle(zip, `${directory.path}/unpacked-${bundles}`);
  const declaration = {
    name: "under-test",
    zip,
    handler: "index.handler",
    environment: settings.environment ?? {},
    memoryMb: settings.memoryMb ?? 128,
    timeoutSeconds: settings.timeoutSeconds ?? 3,
  };
  const version = functionVersion(declaration, bundle, clock.now());
  const engineLog: string[] = [];
  const pool = new EnvironmentPool(version, () => ({
    clock,
    logs,
    workerPath,
    endpoint: "http://127.0.0.1:4566",
    log: (line) => engineLog.push(line),
  }));
  open.push(pool);
  const invoke = async (event: unknown = {}) => {
    const outcome = await invokeFunction(pool, { clock, metrics }, { payload: JSON.stringify(event) });
    return { ...outcome, answer: JSON.parse(outcome.payload) };
  };
  const lines = () => logs.events.map((event) => event.message);
  return { clock, logs, metrics, pool, version, invoke, lines, engineLog };
}

describe("an invocation", () => {
  it("gives the handler its event and returns its answer", async () => {
    const { invoke } = await deploy("export const handler = async (event) => ({ doubled: event.n * 2 });");
    expect((await invoke({ n: 21 })).answer).toEqual({ doubled: 42 });
  });

  it("runs CommonJS bundles and handlers that answer by callback", async () => {
    const source = "exports.handler = (event, context, done) => setTimeout(() => done(null, 'called'), 1);";
    const { invoke } = await deploy(source, { file: "index.cjs" });
    expect((await invoke()).answer).toBe("called");
  });

  it("gives a complete context", async () => {
    const { invoke, version, logs } = await deploy(
      "export const handler = async (_, context) => ({ ...context, left: context.getRemainingTimeInMillis() });",
    );
    const { answer, requestId } = await invoke();
    expect(answer).toMatchObject({
      awsRequestId: requestId,
      functionName: "under-test",
      functionVersion: "$LATEST",
      invokedFunctionArn: version.arn,
      memoryLimitInMB: "128",
      logGroupName: "/aws/lambda/under-test",
    });
    expect(answer.left).toBeGreaterThan(2000);
    expect(answer.left).toBeLessThanOrEqual(3000);
    expect(answer.logStreamName).toBe(logs.events[0]?.stream);
    expect(answer.logStreamName).toMatch(/^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/);
  });

  it("shows the function its own variables and Lambda's, and nothing of the engine's shell", async () => {
    process.env.EDP_TEST_SECRET_OF_SHELL = "leaked";
    const { invoke } = await deploy("export const handler = async () => process.env;", {
      environment: { BUCKET_BRONZE: "bronze", AWS_REGION: "eu-mars-1" },
    });
    const { answer } = await invoke();
    delete process.env.EDP_TEST_SECRET_OF_SHELL;
    expect(answer).toMatchObject({
      BUCKET_BRONZE: "bronze",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
      TZ: ":UTC",
    });
    expect(answer._X_AMZN_TRACE_ID).toMatch(
      /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1$/,
    );
    expect(answer).not.toHaveProperty("EDP_TEST_SECRET_OF_SHELL");
    expect(answer).not.toHaveProperty("NODE_OPTIONS");
  });

  it("uses a warm environment again, and reports the initialisation once", async () => {
    const { invoke, lines } = await deploy("let n = 0; export const handler = async () => ++n;");
    expect((await invoke()).answer).toBe(1);
    expect((await invoke()).answer).toBe(2);
    const reports = lines().filter((line) => line.startsWith("REPORT"));
    expect(reports[0]).toMatch(
      /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\nXRAY TraceId: 1-/,
    );
    expect(reports[1]).not.toContain("Init Duration");
  });

  it("logs between START and END, in the order of printing", async () => {
    const { invoke, lines } = await deploy(`export const handler = async () => {
      console.log("first\\nsecond line %d", 2);
      process.stdout.write("raw one\\nraw two\\n");
      console.error({ level: "bad" });
      process.stderr.write("no line end");
    };`);
    const { requestId, tail } = await invoke();
    const logged = lines();
    expect(logged[0]).toBe(`START RequestId: ${requestId} Version: $LATEST\n`);
    expect(logged[1]).toMatch(new RegExp(`^\\d{4}-.*Z\t${requestId}\tINFO\tfirst\nsecond line 2$`));
    expect(logged.slice(2, 4)).toEqual(["raw one", "raw two"]);
    expect(logged[4]).toContain("\tERROR\t{ level: 'bad' }");
    expect(logged[5]).toBe("no line end");
    expect(logged[6]).toBe(`END RequestId: ${requestId}\n`);
    expect(tail).toContain("raw two");
  });

  it("keeps a line of 256 KiB whole, cuts a longer one, and survives bytes that are no UTF-8", async () => {
    const { invoke, lines } = await deploy(`export const handler = async () => {
      process.stdout.write("x".repeat(262144) + "\\n");
      process.stdout.write("y".repeat(262145) + "\\n");
      process.stdout.write(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]));
    };`);
    expect((await invoke()).fault).toBeUndefined();
    expect(
      lines()
        .slice(1, 5)
        .map((line) => line.length),
    ).toEqual([262144, 262144, 1, 4]);
    expect(lines()[4]).toBe("a\ufffd\ufffdb");
  });

  it("measures invocations, errors and durations", async () => {
    const { invoke, metrics } = await deploy(
      "export const handler = async (event) => { if (event.fail) throw new Error('no'); };",
    );
    await invoke();
    await invoke({ fail: true });
    expect(metrics.values["AWS/Lambda/Invocations"]).toEqual([1, 1]);
    expect(metrics.values["AWS/Lambda/Errors"]).toEqual([0, 1]);
    expect(metrics.values["AWS/Lambda/Duration"]).toHaveLength(2);
    expect(metrics.values["AWS/Lambda/ConcurrentExecutions"]).toEqual([1, 1]);
  });
});

describe("a fault", () => {
  it("thrown by the handler is answered with type, message and trace, and the environment stays", async () => {
    const { invoke, lines } = await deploy(
      "let n = 0; export const handler = async () => { if (++n === 1) throw new TypeError('broken'); return n; };",
    );
    const { answer } = await invoke();
    expect(answer).toMatchObject({ errorType: "TypeError", errorMessage: "broken" });
    expect(answer.trace[0]).toBe("TypeError: broken");
    expect(lines().join("\n")).toContain('\tERROR\tInvoke Error \t{"errorType":"TypeError"');
    expect((await invoke()).answer).toBe(2);
  });

  it("in a promise that nobody awaits ends the environment, and the next invocation gets a fresh one", async () => {
    const { invoke } = await deploy(`let n = 0; export const handler = async (event) => {
      n++;
      if (event.fail) { Promise.reject(new Error("forgotten")); await new Promise(() => setInterval(() => {}, 1000)); }
      return n;
    };`);
    const { answer } = await invoke({ fail: true });
    expect(answer).toMatchObject({
      errorType: "Runtime.UnhandledPromiseRejection",
      errorMessage: "Error: forgotten",
    });
    expect((await invoke()).answer).toBe(1);
  });

  it("by the end of the process is a Runtime.ExitError, with what was printed before", async () => {
    const { invoke, lines } = await deploy(`let n = 0; export const handler = async (event) => {
      if (event.exit) { console.log("last words"); process.exit(7); }
      return ++n;
    };`);
    const { answer, requestId } = await invoke({ exit: true });
    expect(answer).toMatchObject({
      errorType: "Runtime.ExitError",
      errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: exit status 7`,
    });
    expect(lines().join("\n")).toContain("last words");
    expect((await invoke()).answer).toBe(1);
  });

  it("by too much memory is a Runtime.ExitError too", async () => {
    const { invoke } = await deploy(
      "const kept = []; export const handler = async () => { for (;;) kept.push(new Array(1e5).fill(Math.random())); };",
      { memoryMb: 32, timeoutSeconds: 60 },
    );
    expect((await invoke()).answer.errorType).toBe("Runtime.ExitError");
  });

  it("at the timeout kills even a handler that never yields", async () => {
    const { invoke, lines, clock } = await deploy(
      "export const handler = async () => { process.stdout.write('spinning\\n'); for (;;); };",
      { timeoutSeconds: 3 },
    );
    const answered = invoke();
    while (!lines().includes("spinning")) await new Promise(setImmediate);
    await clock.advance(3000);
    const { answer, requestId } = await answered;
    expect(answer).toMatchObject({ errorType: "Sandbox.Timedout" });
    expect(lines().join("\n")).toContain(`${requestId} Task timed out after 3.00 seconds`);
    expect(lines().at(-1)).toContain("Status: timeout");
  });

  it.each([
    ["a module that throws", "throw new RangeError('at load');", "RangeError"],
    ["a syntax error", "export const handler = ;", "Runtime.UserCodeSyntaxError"],
    ["a missing export", "export const other = 1;", "Runtime.HandlerNotFound"],
    ["a missing import", "import './absent.mjs'; export const handler = 1;", "Runtime.ImportModuleError"],
  ])("while loading, by %s, is the answer", async (_, source, errorType) => {
    const { invoke } = await deploy(source);
    expect((await invoke()).answer).toMatchObject({ errorType });
  });

  it("by a worker that cannot be started is reported, not swallowed", async () => {
    const { pool, clock } = await deploy("export const handler = async () => 1;");
    const broken = new EnvironmentPool({ ...pool.version, taskRoot: "/nonexistent" }, () => ({
      clock,
      logs: recordLogs(),
      workerPath,
      endpoint: "",
      log: () => {},
    }));
    open.push(broken);
    const outcome = await invokeFunction(broken, { clock, metrics: recordMetrics() }, { payload: "{}" });
    expect(outcome.fault?.errorMessage).toMatch(/cannot start the process: .*ENOENT/);
  });

  it("by an answer above 6 MB names the size", async () => {
    const { invoke } = await deploy("export const handler = async () => 'x'.repeat(7e6);");
    expect((await invoke()).answer.errorType).toBe("Function.ResponseSizeTooLarge");
  });
});

describe("environments", () => {
  it("of an old version finish what they run while the new one already answers", async () => {
    const source = (version: string) =>
      `import { existsSync } from "node:fs"; export const handler = async (event) => { if (event.wait) { process.stdout.write("waiting\\n"); while (!existsSync(event.wait)) await new Promise(setImmediate); } return "${version}"; };`;
    const { pool, invoke, lines, clock } = await deploy(source("old"));
    const go = `${directory.path}/go`;
    const slow = invoke({ wait: go });
    while (!lines().includes("waiting")) await new Promise(setImmediate);
    const zip = await writeBundle(directory.path, { "index.mjs": source("new") }, "swapped");
    const bundle = await unpackBundle(zip, `${directory.path}/unpacked-swapped`);
    pool.swap(functionVersion({ ...pool.version.declaration, zip }, bundle, clock.now()));
    expect((await invoke()).answer).toBe("new");
    await writeFile(go, "");
    expect((await slow).answer).toBe("old");
  });

  it("that nobody used for five minutes end", async () => {
    const { invoke, clock } = await deploy("let n = 0; export const handler = async () => ++n;");
    expect((await invoke()).answer).toBe(1);
    await clock.advance(5 * 60_000);
    expect((await invoke()).answer).toBe(1);
  });

  it("never outnumber the cores: more invocations wait their turn", async () => {
    const { invoke } = await deploy("export const handler = async () => process.pid;");
    const pids = await Promise.all(Array.from({ length: 12 }, () => invoke()));
    expect(new Set(pids.map(({ answer }) => answer)).size).toBeLessThanOrEqual(MAX_ENVIRONMENTS);
  });

  it("ends what waits for a free environment when the function is removed, and starts none for it", async () => {
    const { invoke, pool } = await deploy("export const handler = () => new Promise(() => {});", {
      timeoutSeconds: 60,
    });
    const running = Array.from({ length: MAX_ENVIRONMENTS }, () => invoke());
    const waiting = expect(invoke()).rejects.toMatchObject({ code: "ResourceNotFoundException" });
    await pool.close();
    await waiting;
    await Promise.all(running);
    expect(pool.bundlesInUse).toEqual([]);
    await expect(invoke()).rejects.toMatchObject({ code: "ResourceNotFoundException" });
  });
});
