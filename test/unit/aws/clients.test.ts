import { afterEach, describe, expect, it, vi } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { testContext } from "../../support/context.ts";

describe("clients of an environment on AWS", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("find the credentials of the shell by the SDK's own chain", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    vi.stubEnv("AWS_SESSION_TOKEN", "");
    vi.stubEnv("AWS_PROFILE", undefined);
    const clients = createClients(
      { env: "prod", endpoint: null, region: "eu-west-1" },
      testContext("/nonexistent", { env: "prod" }),
    );
    const { credentials } = (await clients.logs()).config;
    expect(await credentials()).toMatchObject({ accessKeyId: "AKIDEXAMPLE" });
    clients.close();
  });
});
