import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { MODULE_TYPES, RESOURCE_TYPES } from "../../../src/iam/resource-types.ts";
import { PACKAGE_ROOT } from "../../../src/package-root.ts";

const scope = { project: "acme", env: "dev", region: "eu-central-1", account: "123456789012" };

/** Resource types of each module that has any. */
async function typesOfModules(): Promise<Record<string, string[]>> {
  const root = path.join(PACKAGE_ROOT, "terraform", "modules");
  const types: Record<string, Set<string>> = {};
  for (const file of await readdir(root, { recursive: true })) {
    if (!file.endsWith(".tf")) continue;
    const text = await readFile(path.join(root, file), "utf8");
    const [module = ""] = file.split(path.sep);
    for (const [, type = ""] of text.matchAll(/^resource "(aws_\w+)"/gm)) {
      types[module] ??= new Set();
      types[module].add(type);
    }
  }
  return Object.fromEntries(Object.entries(types).map(([module, found]) => [module, [...found].sort()]));
}

describe("the resource types of the HCL", () => {
  it("are those that the policy counts on, module by module", async () => {
    const counted = Object.entries(MODULE_TYPES).map(([module, types]) => [module, [...types].sort()]);
    expect(await typesOfModules()).toEqual(Object.fromEntries(counted));
  });

  it("all have permissions", () => {
    const without = Object.values(MODULE_TYPES)
      .flat()
      .filter((type) => !RESOURCE_TYPES[type]);
    expect(without).toEqual([]);
  });

  it("are nowhere else in the HCL", async () => {
    const root = path.join(PACKAGE_ROOT, "terraform");
    const files = (await readdir(root)).filter((file) => file.endsWith(".tf"));
    const texts = await Promise.all(files.map((file) => readFile(path.join(root, file), "utf8")));
    expect(texts.filter((text) => /^resource "/m.test(text))).toEqual([]);
  });
});

/** IAM actions whose names are not the API operation's: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html */
const S3_ACTIONS: Record<string, string> = {
  HeadBucket: "ListBucket",
  DeleteBucketEncryption: "PutEncryptionConfiguration",
  DeleteBucketLifecycle: "PutLifecycleConfiguration",
  DeleteBucketOwnershipControls: "PutBucketOwnershipControls",
  DeleteBucketTagging: "PutBucketTagging",
  DeletePublicAccessBlock: "PutBucketPublicAccessBlock",
  GetBucketAccelerateConfiguration: "GetAccelerateConfiguration",
  GetBucketCors: "GetBucketCORS",
  GetBucketEncryption: "GetEncryptionConfiguration",
  GetBucketLifecycleConfiguration: "GetLifecycleConfiguration",
  GetBucketNotificationConfiguration: "GetBucketNotification",
  GetBucketReplication: "GetReplicationConfiguration",
  GetObjectLockConfiguration: "GetBucketObjectLockConfiguration",
  GetPublicAccessBlock: "GetBucketPublicAccessBlock",
  PutBucketEncryption: "PutEncryptionConfiguration",
  PutBucketLifecycleConfiguration: "PutLifecycleConfiguration",
  PutBucketNotificationConfiguration: "PutBucketNotification",
  PutPublicAccessBlock: "PutBucketPublicAccessBlock",
};

/** API Gateway's actions are the methods of its requests, by the first word of an operation. */
const API_METHODS: Record<string, string> = {
  Create: "POST",
  Delete: "DELETE",
  Get: "GET",
  Put: "PUT",
  Tag: "PUT",
  Untag: "DELETE",
  Update: "PATCH",
};

function iamAction(call: string): string {
  const [service = "", operation = ""] = call.split(" ");
  if (service === "APIGateway") return `apigateway:${API_METHODS[/^[A-Z][a-z]+/.exec(operation)?.[0] ?? ""]}`;
  return `${service.toLowerCase()}:${service === "S3" ? (S3_ACTIONS[operation] ?? operation) : operation}`;
}

describe("the calls that the AWS provider was seen to make", async () => {
  const { calls } = JSON.parse(
    await readFile(new URL("../../fixtures/iam/provider-calls.json", import.meta.url), "utf8"),
  ) as { calls: Record<string, string[]> };

  it("were recorded for every resource type", () => {
    expect(Object.keys(calls).sort()).toEqual(Object.keys(RESOURCE_TYPES).sort());
  });

  it.each(Object.entries(calls))("are allowed for %s", (type, operations) => {
    const allowed = RESOURCE_TYPES[type]?.(scope).flatMap(({ actions }) => actions);
    expect(operations.map(iamAction).filter((action) => !allowed?.includes(action))).toEqual([]);
  });
});
