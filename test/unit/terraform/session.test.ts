import { describe, expect, it } from "vitest";
import { terraformVariables } from "../../../src/terraform/session.ts";

const shell = { PATH: "/bin", TF_CLI_CONFIG_FILE: "/rc", TF_WORKSPACE: "other", HTTPS_PROXY: "http://proxy" };
const make = (variables: NodeJS.ProcessEnv, profile?: string, endpoint: string | null = null) =>
  terraformVariables({ variables, profile }, "eu-west-1", endpoint);

describe("the variables of the Terraform process", () => {
  it("are the shell's, without what would lead to another state", () => {
    expect(make(shell)).toMatchObject({
      PATH: "/bin",
      TF_CLI_CONFIG_FILE: "/rc",
      HTTPS_PROXY: "http://proxy",
      AWS_REGION: "eu-west-1",
    });
    expect(make(shell)).not.toHaveProperty("TF_WORKSPACE");
    expect(make({ ...shell, TF_DATA_DIR: "/elsewhere" }).TF_DATA_DIR).toBe(".terraform");
  });

  it("let a chosen profile win over keys, as the rest of edp does", () => {
    const keys = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
    expect(make(keys)).toMatchObject(keys);
    const withProfile = make(keys, "work");
    expect(withProfile.AWS_PROFILE).toBe("work");
    for (const name of Object.keys(keys)) expect(withProfile).not.toHaveProperty(name);
  });

  it("have dummy credentials for an emulator on this machine only, and never over chosen ones", () => {
    expect(make({}, undefined, "http://127.0.0.1:5000")).toMatchObject({
      AWS_ENDPOINT_URL: "http://127.0.0.1:5000",
      AWS_ACCESS_KEY_ID: "test",
    });
    expect(make({ AWS_ACCESS_KEY_ID: "mine" }, undefined, "http://127.0.0.1:5000").AWS_ACCESS_KEY_ID).toBe(
      "mine",
    );
    expect(make({}, undefined, "https://emulator.example")).not.toHaveProperty("AWS_ACCESS_KEY_ID");
    expect(make({}, "work", "http://localhost:5000")).not.toHaveProperty("AWS_ACCESS_KEY_ID");
    expect(make({})).not.toHaveProperty("AWS_ACCESS_KEY_ID");
  });
});
