import { actions, arn, type Grants, namePrefix } from "./grant.ts";

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
      resources: [arn(scope, "dynamodb", `table/${namePrefix(scope)}*`)],
    },
  ],
};
