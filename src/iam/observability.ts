import { actions, arn, type Grants, namePrefix, type Scope } from "./grant.ts";

/** First parts of the names of log groups, by who writes to them. */
const LOG_FOLDERS = ["lambda", "kinesisfirehose", "apigateway"] as const;

const logArns = (scope: Scope) =>
  LOG_FOLDERS.map((folder) => arn(scope, "logs", `log-group:/aws/${folder}/${namePrefix(scope)}*`));

/**
 * Log groups of functions, delivery streams and APIs.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
 */
export const LOGS_TYPES: Record<string, Grants> = {
  aws_cloudwatch_log_group: (scope) => [
    {
      sid: "LogGroups",
      actions: actions(
        "logs",
        "CreateLogGroup DeleteLogGroup PutRetentionPolicy ListTagsForResource TagResource UntagResource",
      ),
      resources: logArns(scope),
    },
    {
      sid: "ListLogGroups",
      actions: ["logs:DescribeLogGroups"],
      // CloudWatch Logs knows no resource for it.
      resources: ["*"],
    },
  ],
  aws_cloudwatch_log_stream: (scope) => [
    {
      sid: "LogGroups",
      actions: actions("logs", "CreateLogStream DeleteLogStream DescribeLogStreams"),
      resources: logArns(scope),
    },
  ],
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
