import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { awsUse } from "../../../src/doctor/aws-use.ts";
import { testContext } from "../../support/context.ts";

const home = { HOME: "/nonexistent" };
const config = (text: string) => ({ config: parseConfig(text, "edp.config.json"), variables: home });

describe("whether AWS matters", () => {
  it("is denied to a newcomer, so that nothing is red", async () => {
    expect(await awsUse(testContext("/x", { variables: home }), false)).toMatchObject({
      level: "none",
      hasCredentials: false,
    });
  });

  it("is optional where only credentials exist", async () => {
    const variables = { ...home, AWS_ACCESS_KEY_ID: "AKIA" };
    expect(await awsUse(testContext("/x", { variables }), false)).toMatchObject({ level: "optional" });
  });

  it.each([
    ["an environment", { env: "dev", variables: home }, false],
    ["a flag", { variables: home }, true],
    ["a configured region", config('{"region":"eu-west-1"}'), false],
    ["a state bucket", config('{"backend":"s3://acme-state/edp"}'), false],
  ])("follows from %s", async (_what, overrides, asked) => {
    expect(await awsUse(testContext("/x", overrides), asked)).toMatchObject({ level: "required" });
  });
});
