import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Scope } from "../../../src/iam/grant.ts";
import { deployerPolicies, MANAGED_POLICY_LIMIT, type Statement } from "../../../src/iam/policy.ts";
import { PIPELINES_DIRECTORY } from "../../../src/package-root.ts";
import { loadPipelines } from "../../../src/topology/load.ts";
import { FIXTURES } from "../../support/topology-fixtures.ts";

const scope: Scope = { project: "acme", env: "dev", region: "eu-central-1", account: "123456789012" };
/** Those that ship, and one of every kind. */
const shipped = await loadPipelines([PIPELINES_DIRECTORY]);
const fixtures = await loadPipelines([path.join(FIXTURES, "valid")]);
const pipelines = [...shipped, ...fixtures];
const policies = (overrides: Partial<Scope> = {}, backend?: string) =>
  deployerPolicies(pipelines, { ...scope, ...overrides }, backend);
const statements = (overrides: Partial<Scope> = {}, backend?: string) =>
  policies(overrides, backend).flatMap(({ document }) => document.Statement);
const allowing = (action: string, all: Statement[] = statements()) =>
  all.filter(({ Action }) => Action.includes(action));

interface Reference {
  /** Resource types that an action can be limited to; none means that it takes `*` only. */
  resourceTypes: Record<string, string[]>;
  conditionKeys: Record<string, string[]>;
}
const reference = JSON.parse(
  await readFile(new URL("../../fixtures/iam/service-authorization.json", import.meta.url), "utf8"),
) as Reference;

describe("the deployer's policy", () => {
  it("names only actions that AWS knows", () => {
    const unknown = statements({}, "s3://acme-state/edp")
      .flatMap(({ Action }) => Action)
      .filter((action) => reference.resourceTypes[action] === undefined);
    expect(unknown).toEqual([]);
  });

  it("is about everything only where the service knows no resource for the action", () => {
    const wild = statements().filter(({ Resource }) => Resource.includes("*"));
    expect(wild.flatMap(({ Action }) => Action).sort()).toEqual([
      "cloudwatch:GetMetricData",
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeNetworkAcls",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribePrefixLists",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroupRules",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcAttribute",
      "ec2:DescribeVpcEndpoints",
      "ec2:DescribeVpcs",
      "kinesis:DescribeLimits",
      "kinesis:UpdateShardCount",
      "kinesis:UpdateStreamMode",
      "kms:CreateKey",
      "kms:ListAliases",
      "lambda:CreateEventSourceMapping",
      "logs:DescribeLogGroups",
      "sns:GetSubscriptionAttributes",
      "sns:SetSubscriptionAttributes",
      "sns:Unsubscribe",
      "tag:GetResources",
    ]);
    for (const action of wild.flatMap(({ Action }) => Action))
      expect(reference.resourceTypes[action], action).toEqual([]);
  });

  it("limits an action to a resource where the service knows one", () => {
    const without = statements()
      .filter(({ Resource }) => !Resource.includes("*"))
      .flatMap(({ Action }) => Action)
      .filter((action) => reference.resourceTypes[action]?.length === 0);
    expect(without).toEqual([]);
  });

  it("uses only conditions that the actions support", () => {
    for (const { Action, Condition = {} } of statements()) {
      const keys = Object.values(Condition).flatMap((operands) => Object.keys(operands));
      for (const key of keys.filter((key) => !key.startsWith("aws:ResourceTag/"))) {
        const [name = ""] = key.split("/");
        for (const action of Action) expect(reference.conditionKeys[action], action).toContain(name);
      }
    }
  });

  it("reaches only what is called after the project and the environment", () => {
    const nameless =
      /^(\*|arn:aws:kms:.*:key\/\*|arn:aws:lambda:.*:event-source-mapping:\*|arn:aws:(apigateway|ec2|route53):.*)$/;
    // RDS names its secrets itself, and every server has the default option group.
    const ofServices = /\/AWSServiceRoleFor(APIGateway|RDS)$|:secret:rds!db-\*$|:og:default:\*$/;
    const outside = statements()
      .flatMap(({ Resource }) => Resource)
      .filter(
        (arn) => !nameless.test(arn) && !ofServices.test(arn) && !/[:/]acme-dev(-\*(\/\*)?)?$/.test(arn),
      );
    expect(outside).toEqual([]);
  });

  it("holds what has no name to the environment by a condition, but for reading tags of mappings", () => {
    const open = statements().filter(
      ({ Resource, Condition }) =>
        Resource.some((arn) => /key\/\*|mapping:\*|:apigateway:|:ec2:/.test(arn)) && !Condition,
    );
    expect(
      open.flatMap(({ Action, Resource }) => (/account$/.test(Resource[0] ?? "") ? [] : Action)),
    ).toEqual(["lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"]);
  });

  it("passes only the environment's roles, and to Lambda and Firehose only", () => {
    const passed = allowing("iam:PassRole");
    expect(passed.flatMap(({ Resource }) => Resource)).toEqual(
      Array(2).fill("arn:aws:iam::123456789012:role/acme-dev-*"),
    );
    expect(passed.map(({ Condition }) => Condition?.StringEquals?.["iam:PassedToService"]).sort()).toEqual([
      "firehose.amazonaws.com",
      "lambda.amazonaws.com",
    ]);
  });

  it("makes APIs with the environment's tags only, and leaves those of other environments alone", () => {
    const apis = statements().filter(({ Resource }) => Resource.some((arn) => /:\/restapis/.test(arn)));
    expect(apis.map(({ Action, Condition = {} }) => [Action.length, ...Object.keys(Condition)])).toEqual([
      [1, "StringEquals"],
      [5, "StringEqualsIfExists"],
    ]);
  });

  it("never deletes a key that is not the environment's", () => {
    const [statement] = allowing("kms:ScheduleKeyDeletion");
    expect(statement?.Condition).toEqual({
      StringEquals: { "aws:ResourceTag/project": "acme", "aws:ResourceTag/env": "dev" },
    });
  });

  it("takes any region and account where none is given, and the partition of the region", () => {
    expect(allowing("sqs:CreateQueue", statements({ region: "*", account: "*" }))[0]?.Resource).toEqual([
      "arn:aws:sqs:*:*:acme-dev-*",
    ]);
    expect(allowing("sqs:CreateQueue", statements({ region: "cn-north-1" }))[0]?.Resource).toEqual([
      "arn:aws-cn:sqs:cn-north-1:123456789012:acme-dev-*",
    ]);
  });

  it("counts and empties tables, and looks into streams, of the environment only, where pipelines have any", () => {
    for (const action of ["dynamodb:BatchWriteItem", "kinesis:GetRecords"]) {
      const found = allowing(action).flatMap(({ Resource }) => Resource);
      expect(found, action).toHaveLength(1);
      expect(found[0]).toMatch(/(table|stream)\/acme-dev-\*$/);
    }
    const without = pipelines.map((pipeline) => ({ ...pipeline, tables: {}, streams: {} }));
    const all = deployerPolicies(without, scope, undefined).flatMap(({ document }) => document.Statement);
    expect(allowing("dynamodb:Scan", all)).toEqual([]);
    expect(allowing("kinesis:ListShards", all)).toEqual([]);
  });

  it("asks for no Lambda and no API Gateway where no pipeline has a function or an API", () => {
    const dry = pipelines.map((pipeline) => ({ ...pipeline, functions: {}, deliveries: {}, apis: {} }));
    const all = deployerPolicies(dry, scope, undefined).flatMap(({ document }) => document.Statement);
    expect(allowing("lambda:CreateFunction", all)).toEqual([]);
    expect(allowing("iam:PassRole", all)).toEqual([]);
    expect(allowing("apigateway:GET", all)).toEqual([]);
    expect(allowing("sqs:CreateQueue", all)).toHaveLength(1);
  });
});

describe("functions as images", () => {
  const images = deployerPolicies(pipelines, scope, undefined, "image");
  const all = images.flatMap(({ document }) => document.Statement);

  it("take the right to push to repositories of the environment, and a password that is the account's", () => {
    const registry = all.filter(({ Action }) => Action.some((action) => action.startsWith("ecr:")));
    expect(registry.flatMap(({ Resource }) => Resource).sort()).toEqual([
      "*",
      "arn:aws:ecr:eu-central-1:123456789012:repository/acme-dev-*",
    ]);
    const asked = registry.flatMap(({ Action }) => Action).filter((action) => action.startsWith("ecr:"));
    for (const action of asked) {
      const known = action === "ecr:GetAuthorizationToken" ? [] : ["repository"];
      expect(reference.resourceTypes[action], action).toEqual(known);
    }
    expect(allowing("ecr:PutImage", all)).toHaveLength(1);
    expect(images.length).toBeLessThanOrEqual(3);
  });

  it("are no part of it with zips", () => {
    expect(statements().filter(({ Action }) => Action.some((action) => action.startsWith("ecr:")))).toEqual(
      [],
    );
  });
});

describe("the state bucket", () => {
  it("is no part of it with local state", () => {
    expect(statements({}, "local").filter(({ Sid }) => Sid.startsWith("State"))).toEqual([]);
  });

  it("can be made on first use, and holds this environment's state only", () => {
    const all = statements({}, "s3://acme-state/team");
    expect(allowing("s3:CreateBucket", all).map(({ Resource }) => Resource)).toContainEqual([
      "arn:aws:s3:::acme-state",
    ]);
    expect(allowing("s3:GetObject", all)).toMatchObject([
      {
        Action: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        Resource: ["arn:aws:s3:::acme-state/team/acme/dev/*"],
      },
    ]);
  });
});

describe("the documents", () => {
  const longest = { project: "abcdefghij", env: "abcdefghijklm", region: "ap-southeast-99" };

  it.each([
    ["short names", {}],
    ["the longest names", longest],
  ])("stay within a managed policy with %s", (_what, overrides) => {
    const all = policies(overrides, `s3://${"b".repeat(63)}/${"p".repeat(500)}`);
    for (const { characters, document } of all) {
      expect(characters).toBe(JSON.stringify(document).replace(/\s/g, "").length);
      expect(characters).toBeLessThanOrEqual(MANAGED_POLICY_LIMIT);
    }
    expect(all.length).toBeLessThanOrEqual(3);
  });

  it("are numbered when there are several, and lose nothing", () => {
    const split = policies(longest, `s3://${"b".repeat(63)}/${"p".repeat(500)}`);
    expect(split.map(({ name }) => name)).toEqual([
      "abcdefghij-abcdefghijklm-deploy-1",
      "abcdefghij-abcdefghijklm-deploy-2",
      "abcdefghij-abcdefghijklm-deploy-3",
    ]);
    expect(split.flatMap(({ document }) => document.Statement.map(({ Sid }) => Sid))).toEqual(
      statements(longest, "s3://acme-state").map(({ Sid }) => Sid),
    );
  });

  it("have statement ids of their own, of letters and digits", () => {
    const sids = statements({}, "s3://acme-state").map(({ Sid }) => Sid);
    expect(new Set(sids).size).toBe(sids.length);
    expect(sids.filter((sid) => !/^[A-Za-z0-9]+$/.test(sid))).toEqual([]);
  });
});
