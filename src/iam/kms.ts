import { actions, arn, type Grants, type Scope } from "./grant.ts";
import { tagged } from "./tagged.ts";

const anyKey = (scope: Scope) => arn(scope, "kms", "key/*");
const aliasArn = (scope: Scope) => arn(scope, "kms", `alias/${scope.project}-${scope.env}`);

/**
 * The key that encrypts the environment's topics. A key's id is not known before it exists, and its tags count
 * for permissions only minutes later, so what happens at its creation can't be held to this environment's key:
 * there, keys that bear another environment's tags are left out. What could harm a key that is in use is held to
 * this environment's tags.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
 */
export const KMS_TYPES: Record<string, Grants> = {
  aws_kms_key: (scope) => [
    {
      sid: "CreateKeys",
      actions: ["kms:CreateKey"],
      // KMS knows no resource for a key that is to be created.
      resources: ["*"],
      condition: tagged(scope, "StringEquals", "aws:RequestTag"),
    },
    {
      sid: "NewKeys",
      actions: actions(
        "kms",
        "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags EnableKeyRotation PutKeyPolicy TagResource",
      ),
      resources: [anyKey(scope)],
      condition: tagged(scope, "StringEqualsIfExists", "aws:ResourceTag"),
    },
    {
      sid: "OurKeys",
      actions: actions("kms", "UpdateKeyDescription UntagResource ScheduleKeyDeletion"),
      resources: [anyKey(scope)],
      condition: tagged(scope, "StringEquals", "aws:ResourceTag"),
    },
  ],
  aws_kms_alias: (scope) => [
    {
      sid: "Aliases",
      actions: actions("kms", "CreateAlias UpdateAlias DeleteAlias"),
      resources: [aliasArn(scope)],
    },
    {
      // KMS asks for these on the key as well as on the alias.
      sid: "NewKeys",
      actions: actions("kms", "CreateAlias UpdateAlias DeleteAlias"),
      resources: [anyKey(scope)],
      condition: tagged(scope, "StringEqualsIfExists", "aws:ResourceTag"),
    },
    {
      sid: "ListAliases",
      actions: ["kms:ListAliases"],
      // KMS knows no resource for it.
      resources: ["*"],
    },
  ],
};
