locals {
  # Alarm name -> what is watched. Every one of these services reports every minute.
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
    {
      for id, function in var.functions : "${function.name}-throttles" => {
        pipeline    = function.pipeline
        description = "Lambda has refused invocations of ${function.name} for five minutes: the account's concurrency is used up."
        namespace   = "AWS/Lambda"
        metric      = "Throttles"
        statistic   = "Sum"
        dimensions  = { FunctionName = function.name }
        threshold   = 0
        periods     = 5
      }
    },
    {
      for id, api in var.apis : "${api.name}-5xx" => {
        pipeline    = api.pipeline
        description = "${api.name} fails requests: npx edp tail ${api.pipeline} --errors"
        namespace   = "AWS/ApiGateway"
        metric      = "5XXError"
        statistic   = "Sum"
        dimensions  = { ApiName = api.name, Stage = api.stage }
        threshold   = 0
        periods     = 1
      }
    },
    {
      # The average of zeros and ones is the share of requests.
      for id, api in var.apis : "${api.name}-4xx" => {
        pipeline    = api.pipeline
        description = "${api.name} has refused more than a quarter of the requests for five minutes: keys, limits, or what clients send."
        namespace   = "AWS/ApiGateway"
        metric      = "4XXError"
        statistic   = "Average"
        dimensions  = { ApiName = api.name, Stage = api.stage }
        threshold   = 0.25
        periods     = 5
      }
    },
    {
      for id, stream in var.streams : "${stream.name}-iterator-age" => {
        pipeline    = stream.pipeline
        description = "Records of ${stream.name} are read more than ${var.max_delivery_seconds} s after they were put: its reader is too slow or has stopped."
        namespace   = "AWS/Kinesis"
        metric      = "GetRecords.IteratorAgeMilliseconds"
        statistic   = "Maximum"
        dimensions  = { StreamName = stream.name }
        threshold   = 1000 * var.max_delivery_seconds
        periods     = 1
      }
    },
    {
      for id, stream in var.streams : "${stream.name}-throttles" => {
        pipeline    = stream.pipeline
        description = "${stream.name} has refused records for five minutes: more shards, or keys that spread better."
        namespace   = "AWS/Kinesis"
        metric      = "WriteProvisionedThroughputExceeded"
        statistic   = "Sum"
        dimensions  = { StreamName = stream.name }
        threshold   = 0
        periods     = 5
      }
    },
    {
      for id, delivery in var.deliveries : "${delivery.name}-freshness" => {
        pipeline    = delivery.pipeline
        description = "The oldest record that ${delivery.name} has not delivered is older than ${var.max_delivery_seconds} s; its log says why: /aws/kinesisfirehose/${delivery.name}"
        namespace   = "AWS/Firehose"
        metric      = "DeliveryToS3.DataFreshness"
        statistic   = "Maximum"
        dimensions  = { DeliveryStreamName = delivery.name }
        threshold   = var.max_delivery_seconds
        periods     = 1
      }
    },
    {
      # Storage grows by itself while there is room below its limit; RDS reports it in bytes.
      for id, database in var.databases : "${database.name}-storage" => {
        pipeline    = database.pipeline
        description = "${database.name} has less than 2 GiB of storage left: raise maxStorageGb."
        namespace   = "AWS/RDS"
        metric      = "FreeStorageSpace"
        statistic   = "Minimum"
        dimensions  = { DBInstanceIdentifier = database.name }
        below       = true
        threshold   = 2 * 1024 * 1024 * 1024
        periods     = 5
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
  comparison_operator = lookup(each.value, "below", false) ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods

  # What is at rest reports nothing.
  treat_missing_data = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]

  tags = { pipeline = each.value.pipeline }
}
