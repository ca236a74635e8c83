import { describe, expect, it } from "vitest";
import iamPolicy from "../../../src/commands/iam-policy.ts";
import { parseConfig } from "../../../src/config.ts";
import type { Context } from "../../../src/context.ts";
import { testContext } from "../../support/context.ts";

const run = (args: string[], flags: Record<string, unknown> = {}, overrides: Partial<Context> = {}) =>
  iamPolicy.run(
    iamPolicy.options(args, flags),
    testContext("/x", { env: "dev", ...overrides } as Parameters<typeof testContext>[1]),
  );

const longProject = parseConfig('{"project":"twenty-one-letters-x"}', "edp.config.json");

describe("edp iam-policy", () => {
  it("covers the configured pipelines, region and state bucket", async () => {
    const text = '{"project":"acme","pipelines":["spotify"],"backend":"s3://acme-state/edp"}';
    const result = await run(
      [],
      { account: "123456789012" },
      {
        config: parseConfig(text, "edp.config.json"),
        region: "eu-central-1",
      },
    );
    expect(result).toMatchObject({ env: "dev", pipelines: ["spotify"] });
    const all = JSON.stringify(result);
    expect(all).toContain("arn:aws:sqs:eu-central-1:123456789012:acme-dev-*");
    expect(all).toContain("arn:aws:s3:::acme-state/edp/acme/dev/*");
  });

  it("prints documents on stdout and their names on stderr", async () => {
    const context = testContext("/x", { env: "dev" });
    const result = await iamPolicy.run(iamPolicy.options(["spotify"], {}), context);
    iamPolicy.render(result, context);
    expect(JSON.parse(context.terminal.stdout)).toMatchObject({ Version: "2012-10-17" });
    expect(context.terminal.stderr).toContain("edp-dev-deploy");
  });

  it.each([
    ["an unknown pipeline", () => run(["nope"]), /No pipeline is called nope/],
    ["the local environment", () => run([], {}, { env: "local" }), /local environment needs no policy/],
    ["names that are too long", () => run([], {}, { env: "production", config: longProject }), /at most 24/],
    ["a wrong account", async () => run([], { account: "123" }), /not an account number/],
  ])("refuses %s with exit code 2", async (_what, refused, message) => {
    await expect(refused()).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  });
});
