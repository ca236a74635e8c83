import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CheckResult } from "../../src/doctor/check.ts";
import { PACKAGE_ROOT } from "../../src/package-root.ts";
import { temporaryDirectory } from "../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let sts: Server;
let endpoint: string;
/** What the endpoint answers to GetCallerIdentity. */
let answer: { status: number; body: string };
/** Its clock, in milliseconds ahead of this one. */
let ahead: number;

beforeEach(async () => {
  directory = await temporaryDirectory();
  ahead = 0;
  answer = {
    status: 200,
    body: "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/me</Arn><UserId>A</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
  };
  sts = createServer((_request, response) => {
    response.writeHead(answer.status, {
      "content-type": "text/xml",
      date: new Date(Date.now() + ahead).toUTCString(),
    });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => sts.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(sts.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise((resolve) => {
    sts.close(resolve);
    sts.closeAllConnections();
  });
  await directory.remove();
});

/** The built edp on a machine without Terraform. */
async function doctor(args: string[] = [], variables: Record<string, string> = {}) {
  const result = await execa(
    process.execPath,
    [path.join(PACKAGE_ROOT, "bin", "edp.js"), "doctor", "--json", ...args],
    {
      cwd: directory.path,
      env: { HOME: directory.path, PATH: "/nonexistent", ...variables },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    },
  );
  const { ok, checks } = JSON.parse(result.stdout) as { ok: boolean; checks: CheckResult[] };
  const of = (name: string) => checks.find((check) => check.name === name);
  return { ...result, ok, checks, of };
}

describe("edp doctor", () => {
  it("shows a newcomer to the local engine nothing red", async () => {
    const { exitCode, ok, checks, of } = await doctor();
    expect({ exitCode, ok }).toEqual({ exitCode: 0, ok: true });
    expect(checks.filter(({ status }) => status === "fail")).toEqual([]);
    expect(of("terraform")).toMatchObject({
      status: "skipped",
      message: expect.stringContaining("local engine"),
    });
    expect(of("node")).toMatchObject({ status: "ok", fix: null });
  });

  it("fails with a fix each where an AWS environment lacks what it needs", async () => {
    const { exitCode, ok, of } = await doctor(["--env", "dev", "--endpoint-url", endpoint]);
    expect({ exitCode, ok }).toEqual({ exitCode: 8, ok: false });
    expect(of("terraform")).toMatchObject({
      status: "fail",
      fix: expect.stringContaining("Install Terraform"),
    });
    expect(of("region")).toMatchObject({ status: "fail", fix: expect.stringContaining("--region") });
    expect(of("credentials")).toMatchObject({
      status: "ok",
      message: expect.stringContaining("111122223333"),
    });
  });

  it("tells expired credentials and a wrong clock apart, and prints no secret", async () => {
    answer = {
      status: 403,
      body: "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>",
    };
    ahead = -3_600_000;
    const args = ["--env", "dev", "--region", "eu-west-1", "--endpoint-url", endpoint];
    const { stdout, stderr, of } = await doctor(args, {
      AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "very-secret",
    });
    expect(of("credentials")).toMatchObject({
      status: "fail",
      message: "AWS refuses the default credentials: ExpiredToken",
      fix: expect.stringContaining("aws sso login"),
    });
    expect(of("clock")).toMatchObject({
      status: "warn",
      message: expect.stringMatching(/3(59|60)\d s ahead/),
    });
    expect(stdout + stderr).not.toMatch(/very-secret|AKIAEXAMPLE/);
  });
});
