resource "aws_sns_topic" "this" {
  name              = var.name
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

data "aws_iam_policy_document" "this" {
  # Functions need none: they are of this account, and their roles may publish.
  dynamic "statement" {
    for_each = var.rule[*]

    content {
      sid       = "PublishFromRule"
      actions   = ["sns:Publish"]
      resources = [var.arn]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = [statement.value.arn]
      }
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [var.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.this.json
}

resource "aws_cloudwatch_event_target" "this" {
  count = var.rule == null ? 0 : 1

  # Before that, EventBridge may not publish.
  depends_on = [aws_sns_topic_policy.this]

  rule      = var.rule.name
  target_id = var.name
  arn       = aws_sns_topic.this.arn

  # What a delivery may take at most: a day, 185 attempts.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = var.undelivered_queue_arn
  }
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.emails)

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}
