resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  # The role's policy before the first invocation, the group before the first line.
  depends_on = [aws_iam_role_policy.this, aws_cloudwatch_log_group.this]

  function_name    = var.name
  description      = var.description
  role             = aws_iam_role.this.arn
  package_type     = var.image == null ? "Zip" : "Image"
  image_uri        = var.image
  filename         = var.image == null ? var.zip : null
  source_code_hash = var.image == null ? filebase64sha256(var.zip) : null
  handler          = var.image == null ? "index.handler" : null
  runtime          = var.image == null ? "nodejs22.x" : null
  architectures    = ["arm64"]
  memory_size      = var.memory_mb
  timeout          = var.timeout_seconds

  ephemeral_storage {
    size = var.ephemeral_storage_mb
  }

  dynamic "environment" {
    for_each = length(var.environment) == 0 ? [] : [var.environment]

    content {
      variables = environment.value
    }
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  tracing_config {
    mode = "Active"
  }

  tags = var.tags
}

resource "aws_lambda_event_source_mapping" "this" {
  count = var.queue == null ? 0 : 1

  event_source_arn                   = var.queue.arn
  function_name                      = aws_lambda_function.this.arn
  batch_size                         = var.queue.batch_size
  maximum_batching_window_in_seconds = var.queue.batch_window_seconds
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.queue.maximum_concurrency
  }

  tags = var.tags
}
