locals {
  # JQ that takes all keys out of a record at once: {type:.type}.
  query = "{${join(",", [for name, path in var.partition_keys : "${name}:${path}"])}}"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/kinesisfirehose/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_cloudwatch_log_stream" "this" {
  name           = "DestinationDelivery"
  log_group_name = aws_cloudwatch_log_group.this.name
}

resource "aws_kinesis_firehose_delivery_stream" "this" {
  # Firehose tries the role as soon as it is told to read the stream.
  depends_on = [aws_iam_role_policy.this]

  name        = var.name
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = var.stream_arn
    role_arn           = aws_iam_role.this.arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.this.arn
    bucket_arn          = var.bucket_arn
    prefix              = var.prefix
    error_output_prefix = var.error_prefix
    buffering_size      = var.buffer_mb
    buffering_interval  = var.buffer_seconds
    compression_format  = var.compression

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.this.name
      log_stream_name = aws_cloudwatch_log_stream.this.name
    }

    dynamic "dynamic_partitioning_configuration" {
      for_each = length(var.partition_keys) == 0 ? [] : [true]

      content {
        enabled = true
      }
    }

    dynamic "processing_configuration" {
      for_each = length(var.partition_keys) == 0 ? [] : [local.query]

      content {
        enabled = true

        processors {
          type = "MetadataExtraction"

          parameters {
            parameter_name  = "JsonParsingEngine"
            parameter_value = "JQ-1.6"
          }

          parameters {
            parameter_name  = "MetadataExtractionQuery"
            parameter_value = processing_configuration.value
          }
        }
      }
    }
  }

  tags = var.tags
}
