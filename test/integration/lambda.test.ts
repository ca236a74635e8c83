import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/local/clock.ts";
import { createLambda, type LambdaService } from "../../src/local/lambda/service.ts";
import type { Delivery } from "../../src/local/service.ts";
import { buildWorker, recordLogs, recordMetrics, writeBundle } from "../support/lambda.ts";
import { memoryQueue } from "../support/memory-queue.ts";
import { engineParts, serve, temporaryDirectory } from "../support/services.ts";

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:under-test";
const DLQ_ARN = "arn:aws:sqs:us-east-1:000000000000:dead";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let clock: ManualClock;
let workerPath: string;
let lambda: LambdaService;
let logs: ReturnType<typeof recordLogs>;
let engineLog: string[];
let delivered: { arn: string; delivery: Delivery }[];
let refuseDeliveries: boolean;
let server: Awaited<ReturnType<typeof serve>>;
let client: LambdaClient;

async function start() {
  const parts = engineParts({
    clock,
    dataDirectory: path.join(directory.path, "data"),
    log: (line) => engineLog.push(line),
    wiring: {
      putEvent: async () => {},
      deliver: async (arn, delivery) => {
        if (refuseDeliveries) throw new Error("the queue is full");
        delivered.push({ arn, delivery });
      },
    },
  });
  lambda = await createLambda(parts, { sqs: memoryQueue(clock), logs, metrics: recordMetrics(), workerPath });
  server = await serve({ lambda });
  client = new LambdaClient(server.settings);
}

async function stop() {
  client.destroy();
  await server.close();
  await lambda.close();
}

beforeEach(async () => {
  directory = await temporaryDirectory();
  clock = new ManualClock(Date.UTC(2026, 10, 21, 3));
  workerPath = await buildWorker(directory.path);
  logs = recordLogs();
  engineLog = [];
  delivered = [];
  refuseDeliveries = false;
  await start();
});
afterEach(async () => {
  await stop();
  await directory.remove();
});

async function deploy(source: string, changes: { dlqArn?: string; name?: string } = {}): Promise<string> {
  const zip = await writeBundle(directory.path, { "index.mjs": source });
  await lambda.deployFunction({
    name: "under-test",
    zip,
    handler: "index.handler",
    environment: { BUCKET_BRONZE: "bronze" },
    memoryMb: 256,
    timeoutSeconds: 30,
    ...changes,
  });
  return zip;
}

const invoke = async (input: Partial<ConstructorParameters<typeof InvokeCommand>[0]> = {}) => {
  const answer = await client.send(new InvokeCommand({ FunctionName: "under-test", ...input }));
  return { ...answer, text: Buffer.from(answer.Payload ?? []).toString("utf8") };
};

const ECHO = "export const handler = async (event) => { console.log('got', event); return event; };";

describe("Invoke", () => {
  it("answers what the handler returns, with the end of its log on request", async () => {
    await deploy(ECHO);
    const answer = await invoke({ Payload: Buffer.from('{"a":"ü"}'), LogType: "Tail" });
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST", text: '{"a":"ü"}' });
    expect(answer.FunctionError).toBeUndefined();
    const tail = Buffer.from(answer.LogResult ?? "", "base64").toString("utf8");
    expect(tail).toMatch(/^START RequestId: .*\n.*INFO\tgot \{ a: 'ü' \}\nEND RequestId: .*\nREPORT /);
  });

  it("takes the function's ARN and a qualifier, too", async () => {
    await deploy(ECHO);
    expect((await invoke({ FunctionName: ARN })).text).toBe("{}");
    expect((await invoke({ FunctionName: "under-test:$LATEST" })).text).toBe("{}");
  });

  it("names a fault of the function in a header and in the payload", async () => {
    await deploy("export const handler = async () => { throw new RangeError('too far'); };");
    const answer = await invoke();
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
    expect(JSON.parse(answer.text)).toMatchObject({ errorType: "RangeError", errorMessage: "too far" });
  });

  it("refuses an unknown function, a payload that is no JSON, and one that is too large", async () => {
    await deploy(ECHO);
    await expect(invoke({ FunctionName: "absent" })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: expect.stringContaining("function:absent"),
    });
    await expect(invoke({ Payload: Buffer.from("{") })).rejects.toMatchObject({
      name: "InvalidRequestContentException",
    });
    const large = (bytes: number) => Buffer.from(JSON.stringify("x".repeat(bytes - 2)));
    await expect(invoke({ Payload: large(6 * 1024 * 1024 + 1) })).rejects.toMatchObject({
      name: "RequestTooLargeException",
    });
    await expect(invoke({ Payload: large(1024 * 1024 + 1), InvocationType: "Event" })).rejects.toMatchObject({
      name: "RequestTooLargeException",
    });
    expect((await invoke({ Payload: large(6 * 1024 * 1024) })).text).toHaveLength(6 * 1024 * 1024);
  });

  it("runs two at a time side by side: each waits for the other", async () => {
    await deploy(`import { existsSync, writeFileSync } from "node:fs";
      export const handler = async ({ mine, other }) => {
        writeFileSync(mine, "");
        while (!existsSync(other)) await new Promise((resolve) => setTimeout(resolve, 5));
        return "met";
      };`);
    const [one, two] = ["one", "two"].map((name) => path.join(directory.path, name));
    const both = await Promise.all([
      lambda.invoke("under-test", JSON.stringify({ mine: one, other: two })),
      lambda.invoke("under-test", JSON.stringify({ mine: two, other: one })),
    ]);
    expect(both.map(({ payload }) => payload)).toEqual(['"met"', '"met"']);
  });

  it("throttles what is beyond 1,000 at a time", async () => {
    await deploy("export const handler = () => new Promise(() => {});");
    const all = Array.from({ length: 1_001 }, () => lambda.invoke("under-test", "{}"));
    await expect(all.pop()).rejects.toMatchObject({ code: "TooManyRequestsException", status: 429 });
    const ended = Promise.allSettled(all);
    await lambda.removeFunction("under-test");
    await ended;
  });

  it("as a dry run runs nothing", async () => {
    await deploy(ECHO);
    expect((await invoke({ InvocationType: "DryRun" })).StatusCode).toBe(204);
    expect(logs.events).toEqual([]);
  });
});

describe("an asynchronous invocation", () => {
  const FAILING = "export const handler = async (event) => { throw new Error('never works'); };";
  const attempts = () => logs.events.filter(({ message }) => message.startsWith("START")).length;

  it("is accepted at once and runs in the background", async () => {
    await deploy(ECHO);
    expect((await invoke({ InvocationType: "Event", Payload: Buffer.from('{"n":1}') })).StatusCode).toBe(202);
    await expect.poll(() => logs.events.map(({ message }) => message).join()).toContain("got { n: 1 }");
  });

  it("is retried twice and then goes to the DLQ with its reason", async () => {
    await deploy(FAILING, { dlqArn: DLQ_ARN });
    await lambda.deliver(ARN, '{"n":1}');
    await expect.poll(attempts).toBe(1);
    await expect.poll(async () => clock.advance(1_000).then(attempts)).toBe(3);
    await expect.poll(() => delivered).toHaveLength(1);
    expect(delivered[0]).toMatchObject({
      arn: DLQ_ARN,
      delivery: {
        body: '{"n":1}',
        attributes: {
          ErrorCode: { DataType: "Number", StringValue: "200" },
          ErrorMessage: { DataType: "String", StringValue: "never works" },
        },
      },
    });
  });

  it("survives a restart of the engine, retries and dead letter included", async () => {
    await deploy(FAILING, { dlqArn: DLQ_ARN });
    refuseDeliveries = true;
    await lambda.deliver(ARN, '{"n":1}');
    await expect
      .poll(async () => clock.advance(1_000).then(() => engineLog.join()))
      .toContain("the queue is full");
    expect(attempts()).toBe(3);
    await stop();
    refuseDeliveries = false;
    await start();
    expect(delivered).toEqual([]);
    await deploy(FAILING, { dlqArn: DLQ_ARN });
    await expect.poll(() => delivered).toHaveLength(1);
    expect(attempts()).toBe(3);
  });

  it("that fails for good without a DLQ is named in the engine's log", async () => {
    await deploy(FAILING);
    await lambda.deliver(ARN, "{}");
    await expect
      .poll(async () => clock.advance(1_000).then(() => engineLog.join()))
      .toMatch(/dropped.*never works/);
  });

  it("of an unknown function is refused", async () => {
    await expect(lambda.deliver(`${ARN}-absent`, "{}")).rejects.toThrow(/Function not found/);
  });
});

describe("a deployment", () => {
  it("shows in ListFunctions, GetFunction and GetFunctionConfiguration", async () => {
    const zip = await deploy(ECHO);
    const sha = createHash("sha256")
      .update(await readFile(zip))
      .digest("base64");
    const listed = await client.send(new ListFunctionsCommand({}));
    expect(listed.Functions?.map(({ FunctionName }) => FunctionName)).toEqual(["under-test"]);
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: "under-test" }));
    expect(Configuration).toMatchObject({
      FunctionArn: ARN,
      CodeSha256: sha,
      MemorySize: 256,
      Timeout: 30,
      Environment: { Variables: { BUCKET_BRONZE: "bronze" } },
    });
    await expect(
      client.send(new GetFunctionConfigurationCommand({ FunctionName: "absent" })),
    ).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  it("of a changed bundle answers at once, and the old code is deleted", async () => {
    await deploy("export const handler = async () => 1;");
    expect((await invoke()).text).toBe("1");
    await deploy("export const handler = async () => 2;");
    expect((await invoke()).text).toBe("2");
    await deploy("export const handler = async () => 2;");
    expect(await readdir(path.join(directory.path, "data/lambda/under-test"))).toHaveLength(1);
  });

  it("of the same bundle keeps the warm environments", async () => {
    await deploy("let n = 0; export const handler = async () => ++n;");
    expect((await invoke()).text).toBe("1");
    await deploy("let n = 0; export const handler = async () => ++n;");
    expect((await invoke()).text).toBe("2");
  });

  it("of a missing or broken zip says which file it is", async () => {
    const broken = {
      name: "broken",
      handler: "index.handler",
      environment: {},
      memoryMb: 128,
      timeoutSeconds: 3,
    };
    const absent = path.join(directory.path, "absent.zip");
    await expect(lambda.deployFunction({ ...broken, zip: absent })).rejects.toThrow(/absent\.zip/);
    await expect(lambda.deployFunction({ ...broken, zip: workerPath })).rejects.toThrow(/is not a zip/);
  });

  it("with an entry outside the bundle is refused", async () => {
    const zip = await writeBundle(directory.path, { "../../escaped.mjs": "1" }, "escaping");
    await expect(
      lambda.deployFunction({
        name: "escaping",
        zip,
        handler: "index.handler",
        environment: {},
        memoryMb: 128,
        timeoutSeconds: 3,
      }),
    ).rejects.toThrow(/lies outside the bundle/);
  });

  it("by the API is refused with the operation's name", async () => {
    await deploy(ECHO);
    await expect(
      client.send(new UpdateFunctionCodeCommand({ FunctionName: "under-test", ZipFile: Buffer.from("x") })),
    ).rejects.toThrow(/UpdateFunctionCode is not served by edp's local engine/);
  });

  it("taken back leaves nothing", async () => {
    await deploy(ECHO);
    await lambda.removeFunction("under-test");
    await expect(invoke()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    expect(await readdir(path.join(directory.path, "data/lambda"))).not.toContain("under-test");
  });
});
