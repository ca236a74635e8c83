data "aws_iam_policy_document" "this" {
  dynamic "statement" {
    for_each = {
      for service, arns in {
        "events.amazonaws.com" = { sid = "SendFromRules", arns = var.rule_arns }
        "sns.amazonaws.com"    = { sid = "SendFromTopics", arns = var.topic_arns }
      } : service => arns if length(arns.arns) > 0
    }

    content {
      sid       = statement.value.sid
      actions   = ["sqs:SendMessage"]
      resources = [var.arn]

      principals {
        type        = "Service"
        identifiers = [statement.key]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = statement.value.arns
      }
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
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

resource "aws_sqs_queue" "this" {
  name                      = var.name
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  policy                    = data.aws_iam_policy_document.this.json
  tags                      = var.tags
}
