import { describe, expect, it } from "vitest";
import { route } from "../../../../src/local/http/route.ts";

const signedFor = (scope: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${scope}/aws4_request, SignedHeaders=host`,
});
const none = new URLSearchParams();

describe("a request goes to", () => {
  it.each([
    "s3",
    "sqs",
    "sns",
    "events",
    "lambda",
    "logs",
    "monitoring",
    "sts",
    "apigateway",
    "execute-api",
    "dynamodb",
    "secretsmanager",
  ])("%s when it is signed for it", (scope) => expect(route(signedFor(scope), "/", none)).toBe(scope));

  it("the service of its target, whatever it is signed for", () => {
    const headers = { ...signedFor("s3"), "x-amz-target": "AmazonSQS.SendMessage" };
    expect(route(headers, "/", none)).toBe("sqs");
  });

  it.each([
    ["its path", {}, "/restapis/abc123/v1/_user_request_/events"],
    ["its host", { host: "abc123.execute-api.localhost:4510" }, "/v1/events"],
  ])("an API by %s", (_, headers, path) => expect(route(headers, path, none)).toBe("execute-api"));

  it("S3 when it names none", () => expect(route({}, "/bucket/key", none)).toBe("s3"));

  it("S3 Express' own name for S3 is S3", () => expect(route(signedFor("s3express"), "/", none)).toBe("s3"));

  it.each(["rds", "athena", "cloudformation"])("%s, and never to S3 instead", (scope) =>
    expect(route(signedFor(scope), "/", none)).toBe(scope),
  );

  it("the service of an unsigned target that nobody serves", () => {
    expect(route({ "x-amz-target": "AmazonSSM.GetParameter" }, "/", none)).toBe("AmazonSSM");
  });
});
