import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EngineServer, openServer } from "../../../../src/local/http/server.ts";

let server: EngineServer;
beforeAll(async () => {
  server = await openServer({ port: 0, services: {}, log: () => {} });
});
afterAll(() => server.close());

async function ask(scope: string, headers: Record<string, string>, method = "POST") {
  const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${scope}/aws4_request, SignedHeaders=host`;
  const answer = await fetch(`http://127.0.0.1:${server.port}/`, {
    method,
    headers: { authorization, ...headers },
  });
  return { status: answer.status, code: answer.headers.get("x-amzn-errortype"), body: await answer.text() };
}

describe("a service that the engine does not have", () => {
  it("answers a client of the JSON protocol in JSON, by its name", async () => {
    const { status, body } = await ask("dynamodb", {
      "x-amz-target": "DynamoDB_20120810.ListTables",
      "content-type": "application/x-amz-json-1.0",
    });
    expect(status).toBe(501);
    expect(JSON.parse(body)).toMatchObject({
      __type: "NotImplemented",
      message: expect.stringContaining("edp's local engine does not serve dynamodb"),
    });
  });

  it("answers a REST client that sends no body in JSON", async () => {
    const { status, code, body } = await ask("apigateway", {}, "GET");
    expect([status, code]).toEqual([501, "NotImplemented"]);
    expect(JSON.parse(body).message).toContain("does not serve apigateway");
  });

  it("answers a client of the query protocol in XML", async () => {
    const { status, body } = await ask("iam", { "content-type": "application/x-www-form-urlencoded" });
    expect(status).toBe(501);
    expect(body).toMatch(
      /^<ErrorResponse .*<Code>NotImplemented<\/Code><Message>edp's local engine does not/,
    );
  });

  it("answers EC2's clients in EC2's own XML", async () => {
    const { body } = await ask("ec2", { "content-type": "application/x-www-form-urlencoded" });
    expect(body).toMatch(/^<Response><Errors><Error><Code>NotImplemented<\/Code>/);
  });
});
