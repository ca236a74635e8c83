import { describe, expect, it } from "vitest";
import { checkCaller } from "../../../../src/local/http/caller.ts";

describe("who may use the engine", () => {
  it.each([
    "127.0.0.1:4510",
    "localhost:4510",
    "bronze.localhost:4510",
    "bronze.s3.us-east-1.localhost",
    "[::1]:4510",
    "host.docker.internal:4510",
    "sqs.eu-central-1.amazonaws.com",
  ])("is a program that calls it %s", (host) => {
    expect(() => checkCaller({ host }, false)).not.toThrow();
  });

  it.each(["evil.example:4510", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.7:4510"])(
    "is no page whose own name, %s, was made to point here",
    (host) => {
      expect(() => checkCaller({ host }, true)).toThrow("none of its names");
    },
  );

  it.each(["https://evil.example", "null", "http://localhost.evil.example"])(
    "is no page of %s, even where the browser asks for no leave first",
    (origin) => {
      expect(() => checkCaller({ host: "127.0.0.1:4510", origin }, false)).toThrow("may not use it");
    },
  );

  it("is a page of this machine", () => {
    expect(() =>
      checkCaller({ host: "127.0.0.1:4510", origin: "http://localhost:3000" }, false),
    ).not.toThrow();
  });

  it("is a page of an origin that an API was given, unless its host was made to point here", () => {
    const headers = { origin: "https://shop.example", "sec-fetch-site": "cross-site" };
    expect(() => checkCaller({ host: "127.0.0.1:4510", ...headers }, false, true)).not.toThrow();
    expect(() => checkCaller({ host: "evil.example", ...headers }, false, true)).toThrow("none of its names");
  });

  it("is no image or script tag of another site, but a link to an object is", () => {
    const headers = { host: "127.0.0.1:4510", "sec-fetch-site": "cross-site" };
    expect(() => checkCaller(headers, false)).toThrow("other sites");
    expect(() => checkCaller(headers, true)).not.toThrow();
  });
});
