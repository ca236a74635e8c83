import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import {
  APIGatewayClient,
  GetApiKeyCommand,
  GetApiKeysCommand,
  GetRestApisCommand,
  GetStagesCommand,
  GetUsageCommand,
  GetUsagePlansCommand,
} from "@aws-sdk/client-api-gateway";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ApiDeclaration,
  apiId,
  apiKeyId,
  apiUrl,
  usagePlanId,
} from "../../src/local/apigateway/declaration.ts";
import { type ApiGatewayService, createApiGateway } from "../../src/local/apigateway/service.ts";
import { ManualClock } from "../../src/local/clock.ts";
import type { InvocationOutcome } from "../../src/local/lambda/invocation.ts";
import { AwsError } from "../../src/local/service.ts";
import { recordMetrics } from "../support/lambda.ts";
import { engineParts, serve, temporaryDirectory } from "../support/services.ts";

const NAME = "edp-local-shop-store";
const MEGABYTE = 1024 * 1024;

const declared: ApiDeclaration = {
  name: NAME,
  stage: "v1",
  rateLimit: 100,
  burstLimit: 200,
  quotaPerDay: null,
  corsOrigins: [],
  binaryMediaTypes: ["image/*"],
  routes: [
    {
      method: "POST",
      path: "/events",
      functionName: "accept",
      apiKeyRequired: true,
      requestModel: { type: "object", required: ["type"] },
    },
    { method: "ANY", path: "/open/{id}", functionName: "open", apiKeyRequired: false, requestModel: null },
  ],
};

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let clock: ManualClock;
let gateway: ApiGatewayService;
let metrics: ReturnType<typeof recordMetrics>;
let server: Awaited<ReturnType<typeof serve>>;
let client: APIGatewayClient;
let key: string;
let engineLog: string[];
/** What the function got, and what it answers. */
let invoked: { name: string; event: APIGatewayProxyEvent }[];
let answer: () => Promise<Partial<InvocationOutcome>>;

const returns = (value: unknown) => async () => ({ payload: JSON.stringify(value) });

async function start() {
  const parts = engineParts({ clock, dataDirectory: directory.path, log: (line) => engineLog.push(line) });
  const lambda = {
    invoke: async (name: string, payload: string) => {
      invoked.push({ name, event: JSON.parse(payload) as APIGatewayProxyEvent });
      return { requestId: "r", payload: "null", tail: "", ...(await answer()) };
    },
  };
  gateway = await createApiGateway(parts, { lambda, metrics });
  server = await serve({ apigateway: gateway, "execute-api": gateway.invocations });
  client = new APIGatewayClient(server.settings);
}

async function stop() {
  client.destroy();
  await server.close();
  await gateway.close();
}

beforeEach(async () => {
  directory = await temporaryDirectory();
  clock = new ManualClock(Date.UTC(2026, 10, 21, 23, 59, 50));
  metrics = recordMetrics();
  engineLog = [];
  invoked = [];
  answer = returns({ statusCode: 200, body: "ok" });
  await start();
  await deploy();
});
afterEach(async () => {
  await stop();
  await directory.remove();
});

async function deploy(changes: Partial<ApiDeclaration> = {}) {
  await gateway.deployApi({ ...declared, ...changes });
  const read = await client.send(new GetApiKeyCommand({ apiKey: apiKeyId(NAME), includeValue: true }));
  key = read.value ?? "";
}

interface Call {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

async function call({ method = "POST", path: resource = "/events", headers = {}, body }: Call = {}) {
  const sent = { "content-type": "application/json", "x-api-key": key, ...headers };
  const url = `${apiUrl(server.endpoint, NAME, "v1")}${resource}`;
  const given = body ?? (method === "POST" ? '{"type":"cart"}' : undefined);
  const got = await request(url, { method: method as "POST", headers: sent, body: given });
  return { status: got.statusCode, headers: got.headers, text: await got.body.text() };
}

const refused = (status: number, message: string, errorType: string) => ({
  status,
  text: JSON.stringify({ message }),
  headers: expect.objectContaining({ "x-amzn-errortype": errorType }),
});

describe("an API answers", () => {
  it("what the function returns, to which it gave the request in format 1.0", async () => {
    answer = returns({
      statusCode: 202,
      headers: { "Content-Type": "text/plain", "X-One": 1 },
      multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"] },
      body: "taken: ü",
    });
    const { status, headers, text } = await call({
      path: "/events?a=1&a=2&b=%C3%BC",
      headers: { "X-Many": ["1", "2"], "user-agent": "test" },
    });
    expect({ status, text }).toEqual({ status: 202, text: "taken: ü" });
    expect(headers).toMatchObject({
      "content-type": "text/plain",
      "x-one": "1",
      "set-cookie": ["a=1", "b=2"],
      "x-amzn-requestid": expect.stringMatching(/^[0-9a-f-]{36}$/),
      "x-amz-apigw-id": expect.stringMatching(/^.{15}=$/),
      "x-amzn-trace-id": expect.stringMatching(/^Root=1-/),
    });
    expect(invoked).toMatchObject([
      {
        name: "accept",
        event: {
          resource: "/events",
          path: "/events",
          httpMethod: "POST",
          headers: { "X-Many": "2", "user-agent": "test", "X-Forwarded-Proto": "http" },
          multiValueHeaders: { "X-Many": ["1", "2"] },
          queryStringParameters: { a: "2", b: "ü" },
          multiValueQueryStringParameters: { a: ["1", "2"], b: ["ü"] },
          pathParameters: null,
          stageVariables: null,
          requestContext: {
            apiId: apiId(NAME),
            stage: "v1",
            path: "/v1/events",
            requestId: headers["x-amzn-requestid"],
            requestTime: "21/Nov/2026:23:59:50 +0000",
            requestTimeEpoch: clock.now(),
            identity: { apiKeyId: apiKeyId(NAME), userAgent: "test" },
          },
          body: '{"type":"cart"}',
          isBase64Encoded: false,
        },
      },
    ]);
  });

  it("under its own host, too, and with path parameters", async () => {
    const host = `${apiId(NAME)}.execute-api.localhost`;
    const got = await request(`${server.endpoint}/v1/open/a%20b`, { headers: { host } });
    expect(got.statusCode).toBe(200);
    await got.body.dump();
    expect(invoked[0]?.event).toMatchObject({ path: "/open/a b", pathParameters: { id: "a b" }, body: null });
  });

  it("binary types as bytes, in both directions", async () => {
    const bytes = Buffer.from([0, 255, 254]);
    answer = returns({ statusCode: 200, body: bytes.toString("base64"), isBase64Encoded: true });
    const headers = { "content-type": "image/png", accept: "image/png" };
    const got = await request(`${apiUrl(server.endpoint, NAME, "v1")}/open/1`, {
      method: "PUT",
      headers,
      body: bytes,
    });
    expect(Buffer.from(await got.body.arrayBuffer())).toEqual(bytes);
    expect(invoked[0]?.event).toMatchObject({ body: "AP/+", isBase64Encoded: true });
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
  ])("a body compressed by %s, which the function gets without", async (coding, compress) => {
    const body = compress('{"type":"cart","name":"ü"}');
    expect((await call({ headers: { "Content-Encoding": coding }, body })).status).toBe(200);
    expect(invoked[0]?.event.body).toBe('{"type":"cart","name":"ü"}');
    expect(Object.keys(invoked[0]?.event.headers ?? {}).map((name) => name.toLowerCase())).not.toContain(
      "content-encoding",
    );
  });

  it("404 and the like of the function as they are, and measures them", async () => {
    answer = returns({ statusCode: "404", body: null });
    expect(await call()).toMatchObject({ status: 404, text: "" });
    expect(metrics.values).toMatchObject({
      "AWS/ApiGateway/Count": [1],
      "AWS/ApiGateway/4XXError": [1],
      "AWS/ApiGateway/5XXError": [0],
      "AWS/ApiGateway/Latency": [0],
    });
  });
});

describe("an API refuses", () => {
  it("unknown paths and methods, other stages and other APIs", async () => {
    const missing = refused(403, "Missing Authentication Token", "MissingAuthenticationTokenException");
    expect(await call({ path: "/nothing" })).toEqual(missing);
    expect(await call({ method: "GET" })).toEqual(missing);
    const url = apiUrl(server.endpoint, NAME, "v2");
    expect((await request(`${url}/events`, { method: "POST" })).statusCode).toBe(403);
    expect((await request(`${server.endpoint}/restapis/none/v1/_user_request_/`)).statusCode).toBe(403);
  });

  it("a missing or wrong key, but only where one is needed", async () => {
    const forbidden = refused(403, "Forbidden", "ForbiddenException");
    expect(await call({ headers: { "x-api-key": "wrong" } })).toEqual(forbidden);
    expect(await call({ headers: { "x-api-key": key.slice(1) } })).toEqual(forbidden);
    expect(await call({ headers: { "x-api-key": "" } })).toEqual(forbidden);
    expect((await call({ path: "/open/1", headers: { "x-api-key": "wrong" } })).status).toBe(200);
    expect(invoked.map(({ name }) => name)).toEqual(["open"]);
  });

  it("more than the rate, until the bucket has filled again", async () => {
    await deploy({ rateLimit: 2, burstLimit: 3 });
    const statuses = async (count: number) =>
      (await Promise.all(Array.from({ length: count }, () => call()))).map(({ status }) => status).sort();
    expect(await statuses(5)).toEqual([200, 200, 200, 429, 429]);
    expect(await call()).toEqual(refused(429, "Too Many Requests", "TooManyRequestsException"));
    clock.advance(1_000);
    expect(await statuses(3)).toEqual([200, 200, 429]);
    clock.advance(60_000);
    expect(await statuses(4)).toEqual([200, 200, 200, 429]);
  });

  it("more than a day's quota, after a restart too, until the next day in UTC", async () => {
    await deploy({ quotaPerDay: 2 });
    expect([(await call()).status, (await call()).status]).toEqual([200, 200]);
    await stop();
    await start();
    await deploy({ quotaPerDay: 2 });
    expect(await call()).toEqual(refused(429, "Limit Exceeded", "LimitExceededException"));
    clock.advance(10_000);
    expect((await call()).status).toBe(200);
    const usage = await client.send(
      new GetUsageCommand({ usagePlanId: usagePlanId(NAME), startDate: "2026-11-20", endDate: "2026-11-22" }),
    );
    expect(usage.items).toEqual({
      [apiKeyId(NAME)]: [
        [0, 2],
        [2, 0],
        [1, 1],
      ],
    });
  });

  it("a body against the model, with the reason, but only one of type application/json", async () => {
    expect(await call({ body: '{"data":1}' })).toMatchObject({
      status: 400,
      text: JSON.stringify({
        message: "Invalid request body",
        error: '[object has missing required properties (["type"])]',
      }),
    });
    expect(
      (await call({ body: "{", headers: { "content-type": "application/json; charset=utf-8" } })).status,
    ).toBe(400);
    expect(invoked).toEqual([]);
    expect((await call({ body: "{", headers: { "content-type": "text/plain" } })).status).toBe(200);
  });

  it("more than 10 MB, sent as they are or compressed, and what Lambda would not take", async () => {
    const tooLong = refused(413, "Request Too Long", "RequestTooLongException");
    const large = (bytes: number) => JSON.stringify({ type: "x".repeat(bytes - 11) });
    expect(await call({ body: large(10 * MEGABYTE + 1) })).toEqual(tooLong);
    const bomb = gzipSync(Buffer.alloc(50 * MEGABYTE));
    expect(await call({ body: bomb, headers: { "content-encoding": "gzip" } })).toEqual(tooLong);
    expect(await call({ body: large(6 * MEGABYTE) })).toEqual(tooLong);
    expect((await call({ body: large(5 * MEGABYTE) })).status).toBe(200);
  });

  it("a content coding that it doesn't know, or that the body is not in", async () => {
    const unsupported = refused(415, "Unsupported Media Type", "UnsupportedMediaTypeException");
    expect(await call({ headers: { "content-encoding": "br" } })).toEqual(unsupported);
    expect(await call({ headers: { "content-encoding": "gzip" } })).toEqual(unsupported);
  });
});

describe("a function that fails", () => {
  const failed = (status: number) => refused(status, "Internal server error", "InternalServerErrorException");

  it.each([
    ["null", null],
    ["text", "ok"],
    ["no status", { body: "x" }],
    ["a status beyond HTTP", { statusCode: 99 }],
    ["a body that is no text", { statusCode: 200, body: { a: 1 } }],
    ["a header that cannot be sent", { statusCode: 200, headers: { "x-a": "b\nc" } }],
  ])("by its answer: %s", async (_, value) => {
    answer = returns(value);
    expect(await call()).toEqual(failed(502));
  });

  it("by an error answers 502; by being throttled 500, since nothing came of it", async () => {
    answer = async () => ({ fault: { errorType: "Runtime.ExitError", errorMessage: "gone", trace: [] } });
    expect(await call()).toEqual(failed(502));
    answer = () => Promise.reject(new AwsError("TooManyRequestsException", "Rate Exceeded.", 429));
    expect(await call()).toEqual(failed(500));
    expect(engineLog).toEqual([
      expect.stringContaining("accept failed: Runtime.ExitError"),
      expect.stringContaining("accept was not invoked: TooManyRequestsException"),
    ]);
  });

  it("to answer within 29 s is left behind with 504", async () => {
    let started = () => {};
    const waiting = new Promise<void>((resolve) => {
      started = resolve;
    });
    answer = () => {
      started();
      return new Promise(() => {});
    };
    const answered = call();
    await waiting;
    clock.advance(29_000);
    expect(await answered).toEqual(
      refused(504, "Endpoint request timed out", "InternalServerErrorException"),
    );
  });
});

describe("a web page", () => {
  const origin = "https://shop.example";
  const page = { origin, "sec-fetch-site": "cross-site" };
  const asks = { ...page, "access-control-request-method": "POST" };

  it("of an origin that the API was given may ask and call, and sees refusals too", async () => {
    await deploy({ corsOrigins: [origin] });
    const asked = await call({ method: "OPTIONS", headers: asks });
    expect(asked.status).toBe(204);
    expect(asked.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "OPTIONS,POST",
      "access-control-allow-headers": expect.stringContaining("X-Api-Key"),
    });
    expect((await call({ headers: page })).status).toBe(200);
    const forbidden = await call({ headers: { ...page, "x-api-key": "wrong" } });
    expect(forbidden.status).toBe(403);
    expect(forbidden.headers["access-control-allow-origin"]).toBe(origin);
  });

  it("of another origin, or for anything but the API, may not", async () => {
    await deploy({ corsOrigins: [origin] });
    const other = { ...page, origin: "https://evil.example" };
    expect(await call({ headers: other })).toMatchObject({
      status: 403,
      text: expect.stringContaining("pages of https://evil.example may not use it"),
    });
    const key = await request(`${server.endpoint}/apikeys?includeValues=true`, {
      headers: {
        ...page,
        authorization: "AWS4-HMAC-SHA256 Credential=a/20261121/us-east-1/apigateway/aws4_request",
      },
    });
    expect(key.statusCode).toBe(403);
    await deploy({ corsOrigins: [] });
    expect((await call({ headers: page })).status).toBe(403);
    expect(invoked).toEqual([]);
  });
});

describe("the key", () => {
  it("stays over restarts, is told only when asked for, and only its owner can read its file", async () => {
    expect(key).toMatch(/^[A-Za-z0-9]{40}$/);
    const before = key;
    await stop();
    await start();
    expect(await call()).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    await deploy();
    expect(key).toBe(before);
    const { items } = await client.send(new GetApiKeysCommand({}));
    expect(items).toMatchObject([{ id: apiKeyId(NAME), name: NAME, enabled: true }]);
    expect(items?.[0]?.value).toBeUndefined();
    const file = path.join(directory.path, "apigateway", "keys.log");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).toContain(key);
    expect(engineLog.join("\n")).not.toContain(key);
  });

  it("goes with its API", async () => {
    const before = key;
    await gateway.removeApi(NAME);
    expect((await call()).status).toBe(403);
    await deploy();
    expect(key).not.toBe(before);
  });
});

describe("the API Gateway API", () => {
  it("describes the API, its stage and its usage plan", async () => {
    await deploy({ quotaPerDay: 1_000 });
    const apis = await client.send(new GetRestApisCommand({}));
    expect(apis.items).toMatchObject([{ id: apiId(NAME), name: NAME, createdDate: expect.any(Date) }]);
    const stages = await client.send(new GetStagesCommand({ restApiId: apiId(NAME) }));
    expect(stages.item).toMatchObject([{ stageName: "v1" }]);
    const plans = await client.send(new GetUsagePlansCommand({}));
    expect(plans.items).toMatchObject([
      {
        apiStages: [{ apiId: apiId(NAME), stage: "v1" }],
        throttle: { rateLimit: 100, burstLimit: 200 },
        quota: { limit: 1_000, period: "DAY" },
      },
    ]);
    await expect(client.send(new GetStagesCommand({ restApiId: "none" }))).rejects.toMatchObject({
      name: "NotFoundException",
    });
  });
});
