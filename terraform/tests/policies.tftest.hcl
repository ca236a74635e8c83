# Policies, with the real provider, which alone makes policy documents: dummy keys, no call.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

run "a_bucket_is_private_and_tls_only" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    name                   = "edp-dev-plain-raw-123456789012"
    arn                    = "arn:aws:s3:::edp-dev-plain-raw-123456789012"
    versioned              = true
    event_bridge           = true
    expire_noncurrent_days = 30
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "All public access must be blocked."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this[0].policy).Statement == [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::edp-dev-plain-raw-123456789012/*", "arn:aws:s3:::edp-dev-plain-raw-123456789012"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "Requests without TLS must be denied, and nothing be allowed."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this[0].versioning_configuration[0].status == "Enabled" && aws_s3_bucket_notification.this[0].eventbridge
    error_message = "Versions and events as declared."
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id] == ["abort-incomplete-uploads", "expire-replaced-versions"] && !aws_s3_bucket.this.force_destroy
    error_message = "Incomplete uploads and replaced versions must go, the bucket must not go with what is in it."
  }
}

run "a_bucket_without_versions_expires_none" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    name         = "edp-dev-plain-out-123456789012"
    arn          = "arn:aws:s3:::edp-dev-plain-out-123456789012"
    versioned    = false
    event_bridge = false
  }

  assert {
    condition     = length(aws_s3_bucket_versioning.this) == 0 && length(aws_s3_bucket_notification.this) == 0 && [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id] == ["abort-incomplete-uploads"]
    error_message = "Neither versions nor events nor a rule about versions."
  }
}

run "a_queue_takes_messages_from_its_topics_only" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    name                       = "edp-dev-plain-work"
    arn                        = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"
    dlq_name                   = "edp-dev-plain-work-dlq"
    dlq_arn                    = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work-dlq"
    fifo                       = false
    visibility_timeout_seconds = 380
    retention_seconds          = 345600
    delay_seconds              = 0
    receive_wait_seconds       = 20
    max_receive_count          = 5
    dlq_retention_seconds      = 1209600
    topic_arns                 = ["arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals"]
    undelivered_queue_arn      = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered"
    subscriptions = {
      "plain/arrivals" = {
        topic_arn            = "arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals"
        raw_message_delivery = false
        filter_policy        = "{\"kind\":[\"a\"]}"
      }
    }
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this.policy).Statement == [
      {
        Sid       = "SendFromTopics"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"
        Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals" } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
    error_message = "SNS may send for these topics, and nobody without TLS."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.dlq.redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"] }
    error_message = "No other queue may use the DLQ."
  }

  assert {
    condition     = aws_sqs_queue.this.sqs_managed_sse_enabled && aws_sqs_queue.dlq.sqs_managed_sse_enabled && aws_sqs_queue.dlq.message_retention_seconds == 1209600
    error_message = "Both must be encrypted, dead letters be kept as long as declared."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_subscription.this["plain/arrivals"].redrive_policy).deadLetterTargetArn == "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered" && aws_sns_topic_subscription.this["plain/arrivals"].filter_policy_scope == "MessageAttributes"
    error_message = "What SNS can't deliver must be kept; filters look at attributes."
  }
}

run "a_queue_that_only_functions_write_to_lets_no_service_send" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    name                       = "edp-dev-plain-work.fifo"
    arn                        = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work.fifo"
    dlq_name                   = "edp-dev-plain-work-dlq.fifo"
    dlq_arn                    = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work-dlq.fifo"
    fifo                       = true
    visibility_timeout_seconds = 60
    retention_seconds          = 3600
    delay_seconds              = 0
    receive_wait_seconds       = 0
    max_receive_count          = 5
    dlq_retention_seconds      = 3600
    undelivered_queue_arn      = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered"
    restrict_redrive           = false
  }

  assert {
    condition     = [for statement in jsondecode(aws_sqs_queue.this.policy).Statement : statement.Sid] == ["TlsOnly"]
    error_message = "No service may send to it."
  }

  assert {
    condition     = aws_sqs_queue.this.fifo_queue && aws_sqs_queue.dlq.fifo_queue
    error_message = "The DLQ of a FIFO queue must be one too."
  }
}

run "a_queue_is_fifo_by_name_and_by_setting_or_not_at_all" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    name                       = "work"
    arn                        = "arn:aws:sqs:eu-west-1:123456789012:work"
    dlq_name                   = "work-dlq"
    dlq_arn                    = "arn:aws:sqs:eu-west-1:123456789012:work-dlq"
    fifo                       = true
    visibility_timeout_seconds = 60
    retention_seconds          = 3600
    delay_seconds              = 0
    receive_wait_seconds       = 0
    max_receive_count          = 5
    dlq_retention_seconds      = 60
    undelivered_queue_arn      = "arn:aws:sqs:eu-west-1:123456789012:undelivered"
  }

  expect_failures = [var.name, var.dlq_name, var.dlq_retention_seconds]
}

run "undeliverable_events_come_from_the_pipelines_own_rules_and_topics" {
  command = plan

  module {
    source = "./modules/undelivered"
  }

  variables {
    name       = "edp-dev-plain-undelivered"
    arn        = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered"
    rule_arns  = ["arn:aws:events:eu-west-1:123456789012:rule/edp-dev-plain-landed"]
    topic_arns = ["arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals"]
  }

  assert {
    condition = {
      for statement in jsondecode(aws_sqs_queue.this.policy).Statement :
      statement.Principal.Service => statement.Condition.ArnEquals["aws:SourceArn"] if statement.Effect == "Allow"
      } == {
      "events.amazonaws.com" = "arn:aws:events:eu-west-1:123456789012:rule/edp-dev-plain-landed"
      "sns.amazonaws.com"    = "arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals"
    }
    error_message = "Only these rules and topics may send."
  }

  assert {
    condition     = aws_sqs_queue.this.message_retention_seconds == 1209600
    error_message = "They must be kept for 14 days, the longest there is."
  }
}

run "a_topic_takes_events_of_its_rule_only_and_loses_none" {
  command = plan

  module {
    source = "./modules/topic"
  }

  variables {
    name                  = "edp-dev-plain-arrivals"
    arn                   = "arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals"
    kms_key_arn           = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    rule_name             = "edp-dev-plain-landed"
    rule_arn              = "arn:aws:events:eu-west-1:123456789012:rule/edp-dev-plain-landed"
    undelivered_queue_arn = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered"
  }

  assert {
    condition = [for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement if statement.Effect == "Allow"] == [{
      Sid       = "PublishFromRule"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals"
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:eu-west-1:123456789012:rule/edp-dev-plain-landed" } }
    }]
    error_message = "EventBridge may publish for this rule, and nobody else."
  }

  assert {
    condition     = aws_cloudwatch_event_target.this.dead_letter_config[0].arn == "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered" && aws_cloudwatch_event_target.this.retry_policy[0].maximum_retry_attempts == 185
    error_message = "Events that can't be delivered must be retried, then kept."
  }

  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    error_message = "Messages must be encrypted with the key."
  }
}

run "a_key_lets_eventbridge_and_alarms_through_for_our_topics" {
  command = plan

  module {
    source = "./modules/key"
  }

  variables {
    alias             = "edp-dev"
    account_id        = "123456789012"
    partition         = "aws"
    topic_arns        = ["arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals"]
    alerts_topic_arn  = "arn:aws:sns:eu-west-1:123456789012:edp-dev-alerts"
    alarm_arn_pattern = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:edp-dev-*"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      statement.Principal.Service => statement.Condition if can(statement.Principal.Service)
      } == {
      "events.amazonaws.com" = {
        ArnEquals = { "kms:EncryptionContext:aws:sns:topicArn" = "arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals" }
      }
      "cloudwatch.amazonaws.com" = {
        ArnEquals = { "kms:EncryptionContext:aws:sns:topicArn" = "arn:aws:sns:eu-west-1:123456789012:edp-dev-alerts" }
        ArnLike   = { "aws:SourceArn" = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:edp-dev-*" }
      }
    }
    error_message = "EventBridge gives KMS no source ARN: the topic has to be the condition."
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "Keys must rotate."
  }
}

run "a_function_may_do_exactly_what_it_is_given" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name                 = "edp-dev-plain-worker"
    zip                  = "tests/functions/plain-worker.zip"
    memory_mb            = 512
    timeout_seconds      = 60
    environment          = { BUCKET_RAW = "edp-dev-plain-raw-123456789012" }
    queue_arn            = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"
    batch_size           = 100
    batch_window_seconds = 20
    maximum_concurrency  = 10
    log_retention_days   = 30
    statements = [
      { sid = "Receive", actions = ["sqs:ReceiveMessage"], resources = ["arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"] },
    ]
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      { Sid = "Receive", Effect = "Allow", Action = "sqs:ReceiveMessage", Resource = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work" },
      { Sid = "Trace", Effect = "Allow", Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], Resource = "*" },
    ]
    error_message = "The given statements and tracing, which knows no resource, and nothing else."
  }

  assert {
    condition     = aws_lambda_function.this.architectures == tolist(["arm64"]) && aws_lambda_function.this.runtime == "nodejs22.x" && aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "Functions run on arm64, nodejs22.x, traced."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.function_response_types == toset(["ReportBatchItemFailures"]) && aws_lambda_event_source_mapping.this.scaling_config[0].maximum_concurrency == 10 && aws_lambda_event_source_mapping.this.maximum_batching_window_in_seconds == 20
    error_message = "Batches fail in part, concurrency has its limit."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/edp-dev-plain-worker" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Terraform owns the log group, and it keeps logs for 30 days."
  }
}

run "a_function_that_publishes_may_use_the_key" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name                 = "edp-dev-plain-worker"
    zip                  = "tests/functions/plain-worker.zip"
    memory_mb            = 512
    timeout_seconds      = 60
    queue_arn            = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"
    batch_size           = 10
    batch_window_seconds = 0
    maximum_concurrency  = 2
    log_retention_days   = 30
    kms_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    statements           = []
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "EncryptForTopics"] == ["arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"]
    error_message = "Publishing to an encrypted topic takes its key."
  }
}

run "a_function_with_access_to_everything_is_refused" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name                 = "edp-dev-plain-worker"
    zip                  = "tests/functions/none.zip"
    memory_mb            = 512
    timeout_seconds      = 60
    queue_arn            = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"
    batch_size           = 10
    batch_window_seconds = 0
    maximum_concurrency  = 2
    log_retention_days   = 30
    statements           = [{ sid = "All", actions = ["s3:*"], resources = ["*"] }]
  }

  expect_failures = [var.statements, var.zip]
}

run "alarms_watch_every_place_where_something_can_be_lost" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    topic_name        = "edp-dev-alerts"
    topic_arn         = "arn:aws:sns:eu-west-1:123456789012:edp-dev-alerts"
    alarm_arn_pattern = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:edp-dev-*"
    email             = "ops@example.com"
    queues            = { "plain/work" = { pipeline = "plain", name = "edp-dev-plain-work", dlq_name = "edp-dev-plain-work-dlq", max_age_seconds = 900 } }
    undelivered       = { plain = "edp-dev-plain-undelivered" }
    functions         = { "plain/worker" = { pipeline = "plain", name = "edp-dev-plain-worker" } }
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => [alarm.metric_name, tostring(alarm.threshold), join(",", values(alarm.dimensions))] } == {
      "edp-dev-plain-work-dlq-not-empty"    = ["ApproximateNumberOfMessagesVisible", "0", "edp-dev-plain-work-dlq"]
      "edp-dev-plain-work-oldest-message"   = ["ApproximateAgeOfOldestMessage", "900", "edp-dev-plain-work"]
      "edp-dev-plain-undelivered-not-empty" = ["ApproximateNumberOfMessagesVisible", "0", "edp-dev-plain-undelivered"]
      "edp-dev-plain-worker-errors"         = ["Errors", "0", "edp-dev-plain-worker"]
    }
    error_message = "DLQ, undelivered, oldest message and function errors must have an alarm each."
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "ops@example.com" && jsondecode(aws_sns_topic_policy.this.policy).Statement[0].Condition.ArnLike["aws:SourceArn"] == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:edp-dev-*"
    error_message = "The address must be subscribed; only our alarms may publish."
  }
}

run "a_dashboard_has_a_band_per_pipeline" {
  command = plan

  module {
    source = "./modules/dashboard"
  }

  variables {
    name   = "edp-dev"
    region = "eu-west-1"
    pipelines = {
      plain = { queues = ["edp-dev-plain-work"], dlqs = ["edp-dev-plain-work-dlq", "edp-dev-plain-undelivered"], functions = ["edp-dev-plain-worker"] }
      empty = { queues = [], dlqs = ["edp-dev-empty-undelivered"], functions = [] }
    }
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.title if widget.type == "metric" && widget.y > 6] == ["Messages waiting, in flight", "Age of the oldest message (s)", "Dead letters", "Invocations, errors, throttles"]
    error_message = "Each pipeline has its four graphs."
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.metrics if widget.type == "metric" && widget.y < 6] == [[["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "edp-dev-empty-undelivered"]]]
    error_message = "A pipeline without queues and functions draws only what it has."
  }
}

run "limits_of_sqs_are_kept" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    name                       = "work"
    arn                        = "arn:aws:sqs:eu-west-1:123456789012:work"
    dlq_name                   = "work-dlq"
    dlq_arn                    = "arn:aws:sqs:eu-west-1:123456789012:work-dlq"
    fifo                       = false
    visibility_timeout_seconds = 43201
    retention_seconds          = 59
    delay_seconds              = 901
    receive_wait_seconds       = 21
    max_receive_count          = 1001
    dlq_retention_seconds      = 3600
    undelivered_queue_arn      = "arn:aws:sqs:eu-west-1:123456789012:undelivered"
  }

  expect_failures = [
    var.visibility_timeout_seconds,
    var.retention_seconds,
    var.delay_seconds,
    var.receive_wait_seconds,
    var.max_receive_count,
  ]
}

run "limits_of_lambda_are_kept" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name                 = "edp-dev-plain-worker"
    zip                  = "tests/functions/plain-worker.zip"
    memory_mb            = 64
    timeout_seconds      = 901
    queue_arn            = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"
    batch_size           = 10001
    batch_window_seconds = 301
    maximum_concurrency  = 1
    log_retention_days   = 30
    statements           = []
  }

  expect_failures = [
    var.memory_mb,
    var.timeout_seconds,
    var.batch_size,
    var.batch_window_seconds,
    var.maximum_concurrency,
  ]
}

run "an_alias_is_no_key" {
  command = plan

  module {
    source = "./modules/topic"
  }

  variables {
    name                  = "edp-dev-plain-arrivals"
    arn                   = "arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-arrivals"
    kms_key_arn           = "alias/aws/sns"
    rule_name             = "edp-dev-plain-landed"
    rule_arn              = "arn:aws:events:eu-west-1:123456789012:rule/edp-dev-plain-landed"
    undelivered_queue_arn = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered"
  }

  expect_failures = [var.kms_key_arn]
}
