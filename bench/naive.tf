# What bench/terraform.mjs compares with: one pipeline wired as tutorials do it. The queue waits for its DLQ, the
# queue's policy for the queue, and what publishes to the queue for the policy: three waits of 25 s in a row.

variable "endpoint_url" {
  type = string
}

variable "zip" {
  type = string
}

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region                      = "us-east-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true

  endpoints {
    cloudwatchlogs = var.endpoint_url
    events         = var.endpoint_url
    iam            = var.endpoint_url
    lambda         = var.endpoint_url
    s3             = var.endpoint_url
    sns            = var.endpoint_url
    sqs            = var.endpoint_url
    sts            = var.endpoint_url
  }
}

resource "aws_s3_bucket" "bronze" {
  bucket = "naive-bronze"
}

resource "aws_s3_bucket_versioning" "bronze" {
  bucket = aws_s3_bucket.bronze.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "bronze" {
  bucket                  = aws_s3_bucket.bronze.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_notification" "bronze" {
  bucket      = aws_s3_bucket.bronze.id
  eventbridge = true
}

resource "aws_s3_bucket" "staging" {
  bucket = "naive-staging"
}

resource "aws_s3_bucket_public_access_block" "staging" {
  bucket                  = aws_s3_bucket.staging.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_cloudwatch_event_rule" "landed" {
  name          = "naive-landed"
  event_pattern = jsonencode({ source = ["aws.s3"], "detail-type" = ["Object Created"] })
}

resource "aws_sns_topic" "landed" {
  name = "naive-landed"
}

resource "aws_sns_topic_policy" "landed" {
  arn    = aws_sns_topic.landed.arn
  policy = data.aws_iam_policy_document.publish.json
}

data "aws_iam_policy_document" "publish" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.landed.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_cloudwatch_event_target" "landed" {
  rule = aws_cloudwatch_event_rule.landed.name
  arn  = aws_sns_topic.landed.arn
}

resource "aws_sqs_queue" "dlq" {
  name = "naive-landed-dlq"
}

resource "aws_sqs_queue" "landed" {
  name                       = "naive-landed"
  visibility_timeout_seconds = 400
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dlq.arn, maxReceiveCount = 5 })
}

resource "aws_sqs_queue_policy" "landed" {
  queue_url = aws_sqs_queue.landed.id
  policy    = data.aws_iam_policy_document.send.json
}

data "aws_iam_policy_document" "send" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.landed.arn]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_subscription" "landed" {
  topic_arn  = aws_sns_topic.landed.arn
  protocol   = "sqs"
  endpoint   = aws_sqs_queue.landed.arn
  depends_on = [aws_sqs_queue_policy.landed]
}

resource "aws_iam_role" "function" {
  name = "naive-to-parquet"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "function" {
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.function.json
}

data "aws_iam_policy_document" "function" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.landed.arn]
  }
}

resource "aws_cloudwatch_log_group" "function" {
  name = "/aws/lambda/naive-to-parquet"
}

resource "aws_lambda_function" "function" {
  function_name    = "naive-to-parquet"
  role             = aws_iam_role.function.arn
  runtime          = "nodejs22.x"
  handler          = "index.handler"
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  depends_on       = [aws_iam_role_policy.function, aws_cloudwatch_log_group.function]
}

resource "aws_lambda_event_source_mapping" "function" {
  function_name    = aws_lambda_function.function.arn
  event_source_arn = aws_sqs_queue.landed.arn
}
