import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { proxyEvent } from "../../../../src/local/apigateway/proxy-event.ts";

const route = {
  method: "POST",
  path: "/events",
  functionName: "f",
  apiKeyRequired: false,
  requestModel: null,
};
const api = {
  name: "store",
  stage: "v1",
  rateLimit: 1,
  burstLimit: 1,
  quotaPerDay: null,
  routes: [route],
  corsOrigins: [],
  binaryMediaTypes: [],
};

describe("the event of a proxy integration", () => {
  it("has headers and parameters of any name, those of JavaScript's own objects too", () => {
    const { multiValueHeaders, headers, multiValueQueryStringParameters } = proxyEvent({
      api,
      route,
      path: "/events",
      pathParameters: null,
      request: {
        method: "POST",
        path: "/events",
        query: new URLSearchParams("__proto__=a&toString=b&toString=c"),
        headers: {},
        rawHeaders: ["constructor", "a", "__proto__", "b", "X-Twice", "1", "x-twice", "2"],
        body: Readable.from([]),
        bytes: async () => Buffer.alloc(0),
        requestId: "r",
      },
      payload: Buffer.from("{}"),
      key: undefined,
      time: 0,
      extendedRequestId: "e",
      traceHeader: "Root=1",
    });
    expect(Object.entries(multiValueHeaders)).toEqual(
      expect.arrayContaining([
        ["constructor", ["a"]],
        ["__proto__", ["b"]],
        ["X-Twice", ["1", "2"]],
      ]),
    );
    expect(Object.entries(headers)).toContainEqual(["X-Twice", "2"]);
    expect(Object.entries(multiValueQueryStringParameters ?? {})).toEqual([
      ["__proto__", ["a"]],
      ["toString", ["b", "c"]],
    ]);
  });
});
