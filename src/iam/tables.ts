import { actions, arn, type Grants, namePrefix, type Scope } from "./grant.ts";

const tableArn = (scope: Scope) => arn(scope, "dynamodb", `table/${namePrefix(scope)}*`);

/**
 * Tables.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 */
export const DYNAMODB_TYPES: Record<string, Grants> = {
  aws_dynamodb_table: (scope) => [
    {
      sid: "Tables",
      actions: actions(
        "dynamodb",
        `CreateTable DeleteTable DescribeTable UpdateTable DescribeContinuousBackups UpdateContinuousBackups
        DescribeTimeToLive UpdateTimeToLive ListTagsOfResource TagResource UntagResource`,
      ),
      resources: [tableArn(scope)],
    },
  ],
};

/** `edp destroy` counts the items of tables by scanning them, `edp purge` deletes them. */
export const emptyTables: Grants = (scope) => [
  { sid: "EmptyTables", actions: actions("dynamodb", "Scan BatchWriteItem"), resources: [tableArn(scope)] },
];
