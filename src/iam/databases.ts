import { actions, arn, type Grants, namePrefix, type Scope } from "./grant.ts";

const named = (scope: Scope, type: string) => arn(scope, "rds", `${type}:${namePrefix(scope)}*`);
const subnetGroups = (scope: Scope) => named(scope, "subgrp");
const parameterGroups = (scope: Scope) => named(scope, "pg");

/** The role by which RDS joins a network, which it makes with the first server of an account. */
const serviceRole: Grants = (scope) => [
  {
    sid: "RdsServiceRole",
    actions: ["iam:CreateServiceLinkedRole"],
    resources: [
      arn(scope, "iam", "role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS", { regional: false }),
    ],
    condition: { StringEquals: { "iam:AWSServiceName": "rds.amazonaws.com" } },
  },
];

/**
 * PostgreSQL servers. RDS makes the secret with the password by the rights of who creates the server.
 * Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html,
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-permissions
 */
export const RDS_TYPES: Record<string, Grants> = {
  aws_db_instance: (scope) => [
    {
      sid: "Databases",
      actions: actions(
        "rds",
        `CreateDBInstance CreateDBSnapshot DeleteDBInstance ModifyDBInstance RebootDBInstance DescribeDBInstances
        AddTagsToResource ListTagsForResource RemoveTagsFromResource`,
      ),
      resources: [
        named(scope, "db"),
        named(scope, "snapshot"),
        subnetGroups(scope),
        parameterGroups(scope),
        // Every server has an option group; nobody's own.
        arn(scope, "rds", "og:default:*"),
      ],
    },
    {
      sid: "DatabaseSecrets",
      actions: actions("secretsmanager", "CreateSecret TagResource RotateSecret"),
      resources: [arn(scope, "secretsmanager", "secret:rds!db-*")],
    },
    ...serviceRole(scope),
  ],
  aws_db_subnet_group: (scope) => [
    {
      sid: "DatabaseSubnets",
      actions: actions(
        "rds",
        `CreateDBSubnetGroup DeleteDBSubnetGroup DescribeDBSubnetGroups ModifyDBSubnetGroup
        AddTagsToResource ListTagsForResource RemoveTagsFromResource`,
      ),
      resources: [subnetGroups(scope)],
    },
  ],
  aws_db_parameter_group: (scope) => [
    {
      sid: "DatabaseParameters",
      actions: actions(
        "rds",
        `CreateDBParameterGroup DeleteDBParameterGroup DescribeDBParameterGroups DescribeDBParameters
        ModifyDBParameterGroup ResetDBParameterGroup AddTagsToResource ListTagsForResource RemoveTagsFromResource`,
      ),
      resources: [parameterGroups(scope)],
    },
  ],
};

const secrets: (names: string) => Grants = (names) => (scope) => [
  {
    sid: "Secrets",
    actions: actions("secretsmanager", names),
    resources: [arn(scope, "secretsmanager", `secret:${namePrefix(scope)}*`)],
  },
];

/**
 * Secrets of databases that exist already.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
 */
export const SECRETS_TYPES: Record<string, Grants> = {
  aws_secretsmanager_secret: secrets(
    "CreateSecret DeleteSecret DescribeSecret GetResourcePolicy UpdateSecret TagResource UntagResource",
  ),
  aws_secretsmanager_secret_version: secrets(
    "DescribeSecret GetSecretValue PutSecretValue UpdateSecretVersionStage",
  ),
};
