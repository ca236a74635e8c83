data "aws_iam_policy_document" "this" {
  # In a key's policy "*" means this key alone: a policy can't name it before it exists.
  statement {
    sid       = "Administer"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.partition}:iam::${var.account_id}:root"]
    }
  }

  dynamic "statement" {
    for_each = length(var.topic_arns) == 0 ? [] : [var.topic_arns]

    content {
      sid       = "PublishFromRules"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }

      # Not aws:SourceArn, as elsewhere: EventBridge doesn't give it to KMS and would be refused.
      # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
      condition {
        test     = "ArnEquals"
        variable = "kms:EncryptionContext:aws:sns:topicArn"
        values   = statement.value
      }
    }
  }

  statement {
    sid       = "PublishFromAlarms"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [var.alarm_arn_pattern]
    }

    condition {
      test     = "ArnEquals"
      variable = "kms:EncryptionContext:aws:sns:topicArn"
      values   = [var.alerts_topic_arn]
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "Topics of ${var.alias}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.this.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.alias}"
  target_key_id = aws_kms_key.this.key_id
}
