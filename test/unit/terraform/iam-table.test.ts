import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../../src/package-root.ts";

const table = (input: object) =>
  execa(process.execPath, [path.join(PACKAGE_ROOT, "terraform", "iam-table.mjs")], {
    input: JSON.stringify(input),
    reject: false,
  });

const policy = JSON.stringify({
  Statement: [
    { Sid: "Read", Effect: "Allow", Action: ["s3:GetObject", "s3:Describe"], Resource: "arn:aws:s3:::a/*" },
    {
      Sid: "TlsOnly",
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: ["arn:1", "arn:2"],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ],
});
const root = {
  child_modules: [
    {
      resources: [
        { mode: "managed", type: "aws_s3_bucket_policy", address: "module.a.this", values: { policy } },
        { mode: "managed", type: "aws_sqs_queue", address: "module.q.this", values: { policy: null } },
      ],
    },
  ],
};

it.each(["planned_values", "values"])("shows every statement, through all modules, of %s", async (key) => {
  const { stdout } = await table({ [key]: { root_module: root } });
  expect(stdout.split("\n").slice(2)).toEqual([
    "| module.a.this | Read |  | s3:Describe<br>s3:GetObject | arn:aws:s3:::a/* |  |",
    "| module.a.this | Deny TlsOnly | * | s3:* | arn:1<br>arn:2 | Bool aws:SecureTransport false |",
  ]);
});

it("says what it wants where there is nothing to show", async () => {
  const { exitCode, stderr } = await table({ format_version: "1.0" });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("terraform show -json");
});
