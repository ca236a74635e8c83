import { actions, arn, type Grants, namePrefix } from "./grant.ts";

/**
 * Log groups of functions.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
 */
export const LOGS_TYPES: Record<string, Grants> = {
  aws_cloudwatch_log_group: (scope) => {
    const group = arn(scope, "logs", `log-group:/aws/lambda/${namePrefix(scope)}*`);
    return [
      {
        sid: "LogGroups",
        actions: actions(
          "logs",
          "CreateLogGroup DeleteLogGroup PutRetentionPolicy ListTagsForResource TagResource UntagResource",
        ),
        resources: [group],
      },
      {
        sid: "ListLogGroups",
        actions: ["logs:DescribeLogGroups"],
        // CloudWatch Logs knows no resource for it.
        resources: ["*"],
      },
    ];
  },
};

/**
 * Alarms and dashboards. A dashboard's ARN has no region; it is called `<project>-<env>` itself.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
 */
export const CLOUDWATCH_TYPES: Record<string, Grants> = {
  aws_cloudwatch_metric_alarm: (scope) => [
    {
      sid: "Alarms",
      actions: actions(
        "cloudwatch",
        "PutMetricAlarm DeleteAlarms DescribeAlarms ListTagsForResource TagResource UntagResource",
      ),
      resources: [arn(scope, "cloudwatch", `alarm:${namePrefix(scope)}*`)],
    },
  ],
  aws_cloudwatch_dashboard: (scope) => [
    {
      sid: "Dashboards",
      actions: actions("cloudwatch", "PutDashboard GetDashboard DeleteDashboards"),
      resources: [arn(scope, "cloudwatch", `dashboard/${scope.project}-${scope.env}`, { regional: false })],
    },
  ],
};

/** `edp status` reads metrics; `edp destroy` looks for what bears the environment's tags. */
export const lookAround: Grants = () => [
  {
    sid: "LookAround",
    actions: ["cloudwatch:GetMetricData", "tag:GetResources"],
    // Both know no resources.
    resources: ["*"],
  },
];
