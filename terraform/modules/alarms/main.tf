locals {
  # Alarm name -> what is watched. SQS and Lambda report every minute.
  alarms = merge(
    {
      for id, queue in var.queues : "${queue.dlq_name}-not-empty" => {
        pipeline    = queue.pipeline
        description = "Messages of ${queue.name} have failed and lie in its dead-letter queue: npx edp tail ${queue.pipeline} --dlq"
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        statistic   = "Maximum"
        dimensions  = { QueueName = queue.dlq_name }
        threshold   = 0
        periods     = 1
      }
    },
    {
      for id, queue in var.queues : "${queue.name}-oldest-message" => {
        pipeline    = queue.pipeline
        description = "The oldest message of ${queue.name} is older than ${queue.max_age_seconds} s: its function is too slow or fails."
        namespace   = "AWS/SQS"
        metric      = "ApproximateAgeOfOldestMessage"
        statistic   = "Maximum"
        dimensions  = { QueueName = queue.name }
        threshold   = queue.max_age_seconds
        periods     = 5
      }
    },
    {
      for pipeline, name in var.undelivered : "${name}-not-empty" => {
        pipeline    = pipeline
        description = "EventBridge or SNS could not deliver events of ${pipeline}; they lie in ${name}."
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        statistic   = "Maximum"
        dimensions  = { QueueName = name }
        threshold   = 0
        periods     = 1
      }
    },
    {
      for id, function in var.functions : "${function.name}-errors" => {
        pipeline    = function.pipeline
        description = "Invocations of ${function.name} fail: npx edp tail ${function.pipeline} --errors"
        namespace   = "AWS/Lambda"
        metric      = "Errors"
        statistic   = "Sum"
        dimensions  = { FunctionName = function.name }
        threshold   = 0
        periods     = 1
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = each.key
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods

  # A queue or function at rest reports nothing.
  treat_missing_data = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]

  tags = { pipeline = each.value.pipeline }
}
