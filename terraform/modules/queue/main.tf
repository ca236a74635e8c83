# The provider waits about 25 s for a queue, and again for a policy of its own. With policies inline, and ARNs
# in them that names make, these two are the only waits in a row.

resource "aws_sqs_queue" "dlq" {
  name                      = var.dlq_name
  fifo_queue                = var.fifo
  message_retention_seconds = var.dlq_retention_seconds
  sqs_managed_sse_enabled   = true
  policy                    = data.aws_iam_policy_document.dlq.json

  redrive_allow_policy = var.restrict_redrive ? jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [var.arn]
  }) : null

  tags = var.tags
}

resource "aws_sqs_queue" "this" {
  name                       = var.name
  fifo_queue                 = var.fifo
  visibility_timeout_seconds = var.visibility_timeout_seconds
  message_retention_seconds  = var.retention_seconds
  delay_seconds              = var.delay_seconds
  receive_wait_time_seconds  = var.receive_wait_seconds
  sqs_managed_sse_enabled    = true
  policy                     = data.aws_iam_policy_document.this.json

  # By attribute: SQS refuses a DLQ that doesn't exist yet.
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dlq.arn
    maxReceiveCount     = var.max_receive_count
  })

  tags = var.tags
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.subscriptions

  topic_arn            = each.value.topic_arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.this.arn
  raw_message_delivery = each.value.raw_message_delivery
  filter_policy        = each.value.filter_policy
  filter_policy_scope  = each.value.filter_policy == null ? null : "MessageAttributes"

  redrive_policy = jsonencode({
    deadLetterTargetArn = var.undelivered_queue_arn
  })
}
