import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Context } from "../../../src/context.ts";
import type { Machine } from "../../../src/doctor/check.ts";
import { judgeSkew } from "../../../src/doctor/clock.ts";
import { credentials, judgeIdentity } from "../../../src/doctor/credentials.ts";
import { classify, type Identity } from "../../../src/doctor/identities.ts";
import { region } from "../../../src/doctor/region.ts";
import { testContext } from "../../support/context.ts";
import { temporaryDirectory } from "../../support/services.ts";

const known: Identity = {
  kind: "known",
  accountId: "111122223333",
  arn: "arn:aws:iam::111122223333:user/me",
};
const refused: Identity = { kind: "refused", code: "InvalidClientTokenId" };

function machine(answers: Record<string, Identity>, overrides: Partial<Context> = {}): Machine {
  return {
    context: testContext("/nonexistent", overrides as Parameters<typeof testContext>[1]),
    aws: { level: "required", reason: "", hasCredentials: true },
    identities: { in: async (name) => answers[name] ?? { kind: "unreachable", code: "ENOTFOUND" } },
    deep: false,
  };
}
const signal = new AbortController().signal;

describe("the region check", () => {
  const check = (answers: Record<string, Identity>, overrides: Partial<Context>) =>
    region.run(machine(answers, overrides), signal);

  it("fails without a region and says how to give one", async () => {
    expect(await check({}, {})).toMatchObject({ status: "fail", fix: expect.stringContaining("--region") });
  });

  it("is content where the account answers there", async () => {
    expect(await check({ "eu-west-1": known }, { region: "eu-west-1" })).toMatchObject({ status: "ok" });
  });

  it("tells a region that is not enabled from a key that is unknown", async () => {
    const answers = { "ap-east-1": refused, "us-east-1": known };
    expect(await check(answers, { region: "ap-east-1" })).toMatchObject({
      status: "fail",
      message: "ap-east-1 is not enabled for account 111122223333",
    });
    expect(await check({ ...answers, "us-east-1": refused }, { region: "ap-east-1" })).toMatchObject({
      status: "warn",
    });
  });

  it("names the regions of the area for one that doesn't exist", async () => {
    expect(await check({}, { region: "eu-centrall-1" })).toMatchObject({
      status: "fail",
      message: expect.stringContaining("eu-central-1"),
    });
  });

  it("takes the profile's region where none is given", async () => {
    const home = await temporaryDirectory();
    await mkdir(path.join(home.path, ".aws"));
    await writeFile(path.join(home.path, ".aws", "config"), "[profile work]\nregion = eu-west-3\n");
    const overrides = { profile: "work", variables: { HOME: home.path } };
    expect(await check({ "eu-west-3": known }, overrides)).toMatchObject({ message: "eu-west-3 is enabled" });
    await home.remove();
  });
});

describe("the credentials check", () => {
  it("accepts good keys even where the region is not enabled", async () => {
    const answers = { "ap-east-1": refused, "us-east-1": known };
    expect(await credentials.run(machine(answers, { region: "ap-east-1" }), signal)).toMatchObject({
      status: "ok",
      message: expect.stringContaining("111122223333"),
    });
  });

  it("says that a profile doesn't exist before it asks AWS", async () => {
    expect(await credentials.run(machine({}, { profile: "work" }), signal)).toMatchObject({
      status: "fail",
      message: "there is no profile work in ~/.aws/config",
    });
  });

  it.each([
    ["ExpiredToken", /aws sso login/],
    ["SignatureDoesNotMatch", /secret key/],
    ["RequestExpired", /clock/],
    ["SomethingNew", /get-caller-identity/],
  ])("has a fix for %s", (code, fix) => {
    expect(judgeIdentity({ kind: "refused", code }, undefined)).toMatchObject({
      status: "fail",
      message: `AWS refuses the default credentials: ${code}`,
      fix: expect.stringMatching(fix),
    });
  });
});

describe("sorting the SDK's errors", () => {
  const error = (name: string, message: string, more = {}) =>
    Object.assign(new Error(message), { name, ...more });

  it("keeps what a credential process printed to itself", () => {
    const failed = error("CredentialsProviderError", "Command failed: get-keys --token s3cret\nboom");
    expect(classify(failed)).toEqual({ kind: "none", message: "credential_process failed" });
  });

  it("tells refused from unreachable", () => {
    const metadata = { $metadata: { httpStatusCode: 403 } };
    expect(classify(error("ExpiredToken", "", metadata))).toEqual({ kind: "refused", code: "ExpiredToken" });
    expect(classify(error("Error", "getaddrinfo", { code: "ENOTFOUND" }))).toEqual({
      kind: "unreachable",
      code: "ENOTFOUND",
    });
  });
});

describe("the clock check", () => {
  it.each([
    [800, "ok", /agrees/],
    [-90_000, "ok", /90 s behind/],
    [301_000, "warn", /301 s ahead of sts.example; beyond 5 minutes/],
    [-3_600_000, "warn", /behind/],
  ])("judges %i ms as %s", (ahead, status, message) => {
    expect(judgeSkew(ahead, "sts.example")).toMatchObject({
      status,
      message: expect.stringMatching(message),
    });
  });
});
