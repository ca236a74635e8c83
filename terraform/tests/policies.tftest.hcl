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
    rule                  = { name = "edp-dev-plain-landed", arn = "arn:aws:events:eu-west-1:123456789012:rule/edp-dev-plain-landed" }
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
    condition     = aws_cloudwatch_event_target.this[0].dead_letter_config[0].arn == "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered" && aws_cloudwatch_event_target.this[0].retry_policy[0].maximum_retry_attempts == 185
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
    name               = "edp-dev-plain-worker"
    zip                = "tests/functions/plain-worker.zip"
    memory_mb          = 512
    timeout_seconds    = 60
    environment        = { BUCKET_RAW = "edp-dev-plain-raw-123456789012" }
    queue              = { arn = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work", batch_size = 100, batch_window_seconds = 20, maximum_concurrency = 10 }
    log_retention_days = 30
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
    condition     = aws_lambda_event_source_mapping.this[0].function_response_types == toset(["ReportBatchItemFailures"]) && aws_lambda_event_source_mapping.this[0].scaling_config[0].maximum_concurrency == 10 && aws_lambda_event_source_mapping.this[0].maximum_batching_window_in_seconds == 20
    error_message = "Batches fail in part, concurrency has its limit."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/edp-dev-plain-worker" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Terraform owns the log group, and it keeps logs for 30 days."
  }
}

run "a_function_in_a_network_may_join_it_and_no_more" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name               = "edp-dev-ledger-run"
    zip                = "tests/functions/ledger-run.zip"
    memory_mb          = 512
    timeout_seconds    = 60
    log_retention_days = 30
    statements         = []
    network            = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Action if statement.Sid == "JoinNetwork"] == [[
      "ec2:UnassignPrivateIpAddresses", "ec2:DescribeSubnets", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface",
      "ec2:CreateNetworkInterface", "ec2:AssignPrivateIpAddresses",
    ]]
    error_message = "What Lambda needs to put a function into a network."
  }

  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1", "subnet-2"]) && aws_lambda_function.this.vpc_config[0].security_group_ids == toset(["sg-1"])
    error_message = "The function lies in the given subnets and security group."
  }
}

run "a_database_is_private_encrypted_and_speaks_tls_only" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    name                        = "edp-dev-ledger-books"
    database_name               = "books"
    postgres_version            = "17"
    instance_class              = "db.t4g.small"
    storage_gb                  = 20
    max_storage_gb              = 200
    backup_retention_days       = 7
    deletion_protection         = true
    vpc_id                      = "vpc-1"
    subnet_ids                  = ["subnet-1", "subnet-2"]
    functions_security_group_id = "sg-1"
    log_retention_days          = 30
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible && aws_db_instance.this.manage_master_user_password && aws_db_instance.this.deletion_protection
    error_message = "Encrypted, private, protected, and no password of ours."
  }

  assert {
    condition     = one(aws_db_parameter_group.this.parameter).name == "rds.force_ssl" && one(aws_db_parameter_group.this.parameter).value == "1" && aws_db_parameter_group.this.family == "postgres17"
    error_message = "The server refuses connections without TLS."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.functions.referenced_security_group_id == "sg-1" && aws_vpc_security_group_ingress_rule.functions.from_port == 5432 && aws_vpc_security_group_ingress_rule.functions.cidr_ipv4 == null
    error_message = "Only the functions' security group may connect."
  }

  assert {
    condition     = !aws_db_instance.this.skip_final_snapshot && startswith(aws_db_instance.this.final_snapshot_identifier, "edp-dev-ledger-books-")
    error_message = "A snapshot is kept when it is deleted."
  }
}

run "limits_of_rds_are_kept" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    name                        = "books--1"
    database_name               = "the-books"
    postgres_version            = "17.2"
    instance_class              = "t4g.small"
    storage_gb                  = 20
    max_storage_gb              = 19
    backup_retention_days       = 36
    deletion_protection         = false
    vpc_id                      = "vpc-1"
    subnet_ids                  = ["subnet-1"]
    functions_security_group_id = "sg-1"
    log_retention_days          = 30
  }

  expect_failures = [
    var.name, var.database_name, var.postgres_version, var.instance_class, var.max_storage_gb,
    var.backup_retention_days, var.subnet_ids,
  ]
}

run "a_function_that_publishes_may_use_the_key" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name               = "edp-dev-plain-worker"
    zip                = "tests/functions/plain-worker.zip"
    memory_mb          = 512
    timeout_seconds    = 60
    log_retention_days = 30
    kms_key_arn        = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    statements         = []
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
    name               = "edp-dev-plain-worker"
    zip                = "tests/functions/none.zip"
    memory_mb          = 512
    timeout_seconds    = 60
    log_retention_days = 30
    statements         = [{ sid = "All", actions = ["s3:*"], resources = ["*"] }]
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
    apis              = { "plain/store" = { pipeline = "plain", name = "edp-dev-plain-store", stage = "v1" } }
    streams           = { "plain/events" = { pipeline = "plain", name = "edp-dev-plain-events" } }
    deliveries        = { "plain/lake" = { pipeline = "plain", name = "edp-dev-plain-lake" } }
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => [alarm.metric_name, tostring(alarm.threshold), join(",", values(alarm.dimensions))] } == {
      "edp-dev-plain-work-dlq-not-empty"    = ["ApproximateNumberOfMessagesVisible", "0", "edp-dev-plain-work-dlq"]
      "edp-dev-plain-work-oldest-message"   = ["ApproximateAgeOfOldestMessage", "900", "edp-dev-plain-work"]
      "edp-dev-plain-undelivered-not-empty" = ["ApproximateNumberOfMessagesVisible", "0", "edp-dev-plain-undelivered"]
      "edp-dev-plain-worker-errors"         = ["Errors", "0", "edp-dev-plain-worker"]
      "edp-dev-plain-worker-throttles"      = ["Throttles", "0", "edp-dev-plain-worker"]
      "edp-dev-plain-store-4xx"             = ["4XXError", "0.25", "edp-dev-plain-store,v1"]
      "edp-dev-plain-store-5xx"             = ["5XXError", "0", "edp-dev-plain-store,v1"]
      "edp-dev-plain-events-iterator-age"   = ["GetRecords.IteratorAgeMilliseconds", "900000", "edp-dev-plain-events"]
      "edp-dev-plain-events-throttles"      = ["WriteProvisionedThroughputExceeded", "0", "edp-dev-plain-events"]
      "edp-dev-plain-lake-freshness"        = ["DeliveryToS3.DataFreshness", "900", "edp-dev-plain-lake"]
    }
    error_message = "Everything that can fail, wait or be refused must have an alarm."
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
      shop = {
        queues = [], dlqs = ["edp-dev-shop-undelivered"], functions = ["edp-dev-shop-accept"]
        apis   = ["edp-dev-shop-store"], streams = ["edp-dev-shop-events"], deliveries = ["edp-dev-shop-events"]
      }
    }
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.title if widget.type == "metric" && widget.y == 8] == ["Messages waiting, in flight", "Age of the oldest message (s)", "Dead letters", "Invocations, errors, throttles"]
    error_message = "Each pipeline has its four graphs."
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.metrics if widget.type == "metric" && widget.y < 6] == [[["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "edp-dev-empty-undelivered"]]]
    error_message = "A pipeline without queues and functions draws only what it has."
  }

  assert {
    condition = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x} ${widget.y} ${widget.properties.title}" if widget.type == "metric" && widget.y > 14] == [
      "0 15 Dead letters",
      "6 15 Invocations, errors, throttles",
      "12 15 Requests, refused, failed",
      "18 15 Records put, refused",
      "0 21 Age of records when read (ms)",
      "6 21 Age of the oldest undelivered record (s)",
    ]
    error_message = "Four graphs in a row, then the next row."
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
    ephemeral_storage_mb = 511
    queue                = { arn = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work", batch_size = 10001, batch_window_seconds = 301, maximum_concurrency = 1 }
    log_retention_days   = 30
    statements           = []
  }

  expect_failures = [
    var.memory_mb,
    var.timeout_seconds,
    var.ephemeral_storage_mb,
    var.queue,
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
    rule                  = { name = "edp-dev-plain-landed", arn = "arn:aws:events:eu-west-1:123456789012:rule/edp-dev-plain-landed" }
    undelivered_queue_arn = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered"
  }

  expect_failures = [var.kms_key_arn]
}

run "a_bucket_takes_uploads_under_its_prefix_only_and_tells_its_queues" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    name              = "edp-dev-plain-uploads-123456789012"
    arn               = "arn:aws:s3:::edp-dev-plain-uploads-123456789012"
    versioned         = true
    event_bridge      = true
    upload_prefix     = "incoming/"
    upload_principals = ["arn:aws:iam::210987654321:role/partner"]
    notifications = [
      { queue_arn = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-arrived", prefix = "incoming/", suffix = ".csv" },
      { queue_arn = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-others", prefix = "other/", suffix = "" },
    ]
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.this[0].policy).Statement : statement if statement.Effect == "Allow"] == [{
      Sid       = "Upload"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::210987654321:role/partner" }
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::edp-dev-plain-uploads-123456789012/incoming/*"
    }] && [for statement in jsondecode(aws_s3_bucket_policy.this[0].policy).Statement : statement.Sid] == ["TlsOnly", "Upload"]
    error_message = "Principals may put under the prefix, with TLS, and nothing else."
  }

  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge && [for queue in aws_s3_bucket_notification.this[0].queue : "${queue.filter_prefix} ${queue.filter_suffix}"] == ["incoming/ .csv", "other/ "]
    error_message = "One configuration tells EventBridge and both queues."
  }
}

run "who_uploads_has_an_arn" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    name              = "edp-dev-plain-uploads-123456789012"
    arn               = "arn:aws:s3:::edp-dev-plain-uploads-123456789012"
    versioned         = true
    event_bridge      = false
    upload_prefix     = "incoming/"
    upload_principals = ["*"]
  }

  expect_failures = [var.upload_principals]
}

run "an_upload_prefix_is_no_pattern" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    name          = "edp-dev-plain-uploads-123456789012"
    arn           = "arn:aws:s3:::edp-dev-plain-uploads-123456789012"
    versioned     = true
    event_bridge  = false
    upload_prefix = "*"
  }

  expect_failures = [var.upload_prefix]
}

run "a_queue_takes_messages_from_its_buckets_of_this_account_only" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    name                       = "edp-dev-plain-arrived"
    arn                        = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-arrived"
    dlq_name                   = "edp-dev-plain-arrived-dlq"
    dlq_arn                    = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-arrived-dlq"
    fifo                       = false
    visibility_timeout_seconds = 380
    retention_seconds          = 345600
    delay_seconds              = 0
    receive_wait_seconds       = 20
    max_receive_count          = 5
    dlq_retention_seconds      = 1209600
    bucket_arns                = ["arn:aws:s3:::edp-dev-plain-uploads-123456789012"]
    account_id                 = "123456789012"
    undelivered_queue_arn      = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered"
  }

  assert {
    condition = [for statement in jsondecode(aws_sqs_queue.this.policy).Statement : statement if statement.Effect == "Allow"] == [{
      Sid       = "SendFromBuckets"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-arrived"
      Condition = {
        ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::edp-dev-plain-uploads-123456789012" }
        StringEquals = { "aws:SourceAccount" = "123456789012" }
      }
    }]
    error_message = "S3 may send for this bucket of this account."
  }
}

run "a_topic_that_functions_publish_to_lets_no_service_publish" {
  command = plan

  module {
    source = "./modules/topic"
  }

  variables {
    name                  = "edp-dev-plain-runs"
    arn                   = "arn:aws:sns:eu-west-1:123456789012:edp-dev-plain-runs"
    emails                = ["ops@example.com"]
    undelivered_queue_arn = "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-undelivered"
  }

  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement.Sid] == ["TlsOnly"] && length(aws_cloudwatch_event_target.this) == 0
    error_message = "Roles of this account may publish by their own policies."
  }

  assert {
    condition     = [for subscription in aws_sns_topic_subscription.email : "${subscription.protocol} ${subscription.endpoint}"] == ["email ops@example.com"]
    error_message = "Its messages go by e-mail."
  }
}

run "a_table_is_on_demand_and_can_be_restored" {
  command = plan

  module {
    source = "./modules/table"
  }

  variables {
    name                   = "edp-dev-plain-customers"
    hash_key               = { name = "id", type = "S" }
    indexes                = { "by-reference" = { hash_key = { name = "reference", type = "S" }, range_key = { name = "date", type = "N" } }, "by-date" = { hash_key = { name = "date", type = "N" }, range_key = null } }
    ttl_attribute          = "expiresAt"
    point_in_time_recovery = true
    deletion_protection    = true
  }

  assert {
    condition     = aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.this.point_in_time_recovery[0].enabled && aws_dynamodb_table.this.deletion_protection_enabled && aws_dynamodb_table.this.ttl[0].attribute_name == "expiresAt"
    error_message = "On demand, with recovery, protection and TTL as declared."
  }

  assert {
    condition     = { for attribute in aws_dynamodb_table.this.attribute : attribute.name => attribute.type } == { id = "S", reference = "S", date = "N" }
    error_message = "Each attribute of a key is declared once, and no other is."
  }

  assert {
    condition     = { for index in aws_dynamodb_table.this.global_secondary_index : index.name => "${index.hash_key} ${coalesce(index.range_key, "none")} ${index.projection_type}" } == { "by-reference" = "reference date ALL", "by-date" = "date none ALL" }
    error_message = "Indexes have every attribute."
  }
}

run "a_stream_is_encrypted_and_on_demand_without_shards" {
  command = plan

  module {
    source = "./modules/stream"
  }

  variables {
    name            = "edp-dev-plain-events"
    retention_hours = 48
  }

  assert {
    condition     = aws_kinesis_stream.this.encryption_type == "KMS" && aws_kinesis_stream.this.kms_key_id == "alias/aws/kinesis" && aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "ON_DEMAND" && aws_kinesis_stream.this.retention_period == 48
    error_message = "Encrypted with the account's key for Kinesis, without shards of its own."
  }
}

run "a_stream_with_shards_is_provisioned" {
  command = plan

  module {
    source = "./modules/stream"
  }

  variables {
    name            = "edp-dev-plain-events"
    shards          = 2
    retention_hours = 24
  }

  assert {
    condition     = aws_kinesis_stream.this.shard_count == 2 && aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "PROVISIONED"
    error_message = "As many shards as declared."
  }
}

run "a_delivery_partitions_by_what_records_hold_and_tells_what_it_could_not" {
  command = plan

  module {
    source = "./modules/delivery"
  }

  variables {
    name               = "edp-dev-plain-events"
    account_id         = "123456789012"
    stream_arn         = "arn:aws:kinesis:eu-west-1:123456789012:stream/edp-dev-plain-events"
    stream_policy_arn  = "arn:aws:kinesis:eu-west-1:123456789012:stream/edp-dev-plain-events"
    bucket_arn         = "arn:aws:s3:::edp-dev-plain-lake-123456789012"
    log_group_arn      = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/kinesisfirehose/edp-dev-plain-events"
    prefix             = "events/type=!{partitionKeyFromQuery:type}/shop=!{partitionKeyFromQuery:shop}/"
    error_prefix       = "errors/!{firehose:error-output-type}/"
    partition_keys     = { type = ".type", shop = ".data.shop" }
    buffer_mb          = 64
    buffer_seconds     = 60
    compression        = "GZIP"
    log_retention_days = 30
  }

  assert {
    condition     = { for parameter in aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].processing_configuration[0].processors[0].parameters : parameter.parameter_name => parameter.parameter_value } == { JsonParsingEngine = "JQ-1.6", MetadataExtractionQuery = "{shop:.data.shop,type:.type}" }
    error_message = "One query takes every partition key."
  }

  assert {
    condition     = aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].dynamic_partitioning_configuration[0].enabled && aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].compression_format == "GZIP" && aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].cloudwatch_logging_options[0].log_group_name == "/aws/kinesisfirehose/edp-dev-plain-events"
    error_message = "Partitioned, compressed, with a log of its own."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition == { StringEquals = { "sts:ExternalId" = "123456789012" } }
    error_message = "Only deliveries of this account may use the role."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => statement.Resource } == {
      ReadStream   = "arn:aws:kinesis:eu-west-1:123456789012:stream/edp-dev-plain-events"
      WriteObjects = "arn:aws:s3:::edp-dev-plain-lake-123456789012/*"
      FindObjects  = "arn:aws:s3:::edp-dev-plain-lake-123456789012"
      Log          = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/kinesisfirehose/edp-dev-plain-events:log-stream:*"
    }
    error_message = "It reads its stream, writes to its bucket and its log, and nothing else."
  }
}

run "a_delivery_without_partition_keys_may_be_quick" {
  command = plan

  module {
    source = "./modules/delivery"
  }

  variables {
    name               = "edp-dev-plain-audit"
    account_id         = "123456789012"
    stream_arn         = "arn:aws:kinesis:eu-west-1:123456789012:stream/edp-dev-plain-audit"
    stream_policy_arn  = "arn:aws:kinesis:eu-west-1:123456789012:stream/edp-dev-plain-audit"
    bucket_arn         = "arn:aws:s3:::edp-dev-plain-lake-123456789012"
    log_group_arn      = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/kinesisfirehose/edp-dev-plain-audit"
    prefix             = "audit/"
    error_prefix       = "errors/!{firehose:error-output-type}/"
    buffer_mb          = 1
    buffer_seconds     = 0
    compression        = "UNCOMPRESSED"
    log_retention_days = 30
  }

  assert {
    condition     = length(aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].dynamic_partitioning_configuration) == 0 && length(aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].processing_configuration) == 0
    error_message = "Nothing is taken out of the records."
  }
}

run "limits_of_firehose_are_kept" {
  command = plan

  module {
    source = "./modules/delivery"
  }

  variables {
    name               = "edp-dev-plain-events"
    account_id         = "123456789012"
    stream_arn         = "arn:aws:kinesis:eu-west-1:123456789012:stream/edp-dev-plain-events"
    stream_policy_arn  = "arn:aws:kinesis:eu-west-1:123456789012:stream/edp-dev-plain-events"
    bucket_arn         = "arn:aws:s3:::edp-dev-plain-lake-123456789012"
    log_group_arn      = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/kinesisfirehose/edp-dev-plain-events"
    prefix             = "events/"
    error_prefix       = "errors/"
    partition_keys     = { type = ".type" }
    buffer_mb          = 63
    buffer_seconds     = 59
    compression        = "ZIP"
    log_retention_days = 30
  }

  expect_failures = [var.error_prefix, var.buffer_mb, var.buffer_seconds, var.compression]
}

run "an_api_checks_keys_and_bodies_and_says_what_is_wrong" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    name               = "edp-dev-plain-store"
    stage              = "v1"
    rate_limit         = 500
    burst_limit        = 1000
    quota_per_day      = 5000000
    access_logs        = true
    log_retention_days = 30
    function_names     = { "plain/accept" = "edp-dev-plain-accept", "plain/look" = "edp-dev-plain-look", "plain/hello" = "edp-dev-plain-hello" }
    routes = {
      "plain/accept" = { method = "POST", path = "/events", api_key_required = true, request_model = "{\"type\":\"object\"}", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/accept/invocations" }
      "plain/look"   = { method = "GET", path = "/events/{type}/{id}", api_key_required = false, request_model = null, invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/look/invocations" }
      "plain/hello"  = { method = "GET", path = "/", api_key_required = false, request_model = null, invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/hello/invocations" }
    }
  }

  assert {
    condition     = concat(keys(aws_api_gateway_resource.first), keys(aws_api_gateway_resource.second), keys(aws_api_gateway_resource.third), keys(aws_api_gateway_resource.fourth)) == ["/events", "/events/{type}", "/events/{type}/{id}"]
    error_message = "Each segment of a path is a resource, once."
  }

  assert {
    condition     = { for id, method in aws_api_gateway_method.this : id => method.api_key_required } == { "GET /" = false, "GET /events/{type}/{id}" = false, "POST /events" = true }
    error_message = "Methods are the routes, with keys where they are demanded."
  }

  assert {
    condition     = keys(aws_api_gateway_model.this) == ["POST /events"] && aws_api_gateway_request_validator.body[0].validate_request_body
    error_message = "Only what has a model is checked, by its body."
  }

  assert {
    condition     = jsondecode(replace(aws_api_gateway_gateway_response.this["BAD_REQUEST_BODY"].response_templates["application/json"], "$context.error.messageString", "\"no\"")) == { message = "no", error = "$context.error.validationErrorString" } && keys(aws_api_gateway_gateway_response.this) == ["BAD_REQUEST_BODY"]
    error_message = "A body that is refused is answered with the reason."
  }

  assert {
    condition     = alltrue([for throttle in [one(aws_api_gateway_usage_plan.this.throttle_settings), aws_api_gateway_method_settings.this.settings[0]] : try(throttle.rate_limit, throttle.throttling_rate_limit) == 500 && try(throttle.burst_limit, throttle.throttling_burst_limit) == 1000]) && one(aws_api_gateway_usage_plan.this.quota_settings).limit == 5000000
    error_message = "Rate and burst hold for the key and for all callers together, the quota for the key."
  }

  assert {
    condition     = length(aws_api_gateway_method.preflight) == 0 && aws_cloudwatch_log_group.access[0].name == "/aws/apigateway/edp-dev-plain-store"
    error_message = "No browser may call it unless told; requests are logged."
  }
}

run "browsers_may_call_an_api_from_the_origins_that_are_named" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    name                 = "edp-dev-plain-store"
    stage                = "v1"
    rate_limit           = 500
    burst_limit          = 1000
    access_logs          = false
    log_retention_days   = 30
    cors_allowed_origins = ["https://a.example.com", "https://b.example.com"]
    function_names       = { "plain/accept" = "edp-dev-plain-accept" }
    routes = {
      "plain/accept" = { method = "POST", path = "/events", api_key_required = true, request_model = null, invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/accept/invocations" }
    }
  }

  assert {
    condition     = aws_api_gateway_integration_response.preflight["/events"].response_parameters["method.response.header.Access-Control-Allow-Methods"] == "'OPTIONS,POST'" && aws_api_gateway_integration_response.preflight["/events"].response_parameters["method.response.header.Access-Control-Allow-Origin"] == "'https://a.example.com'" && strcontains(aws_api_gateway_integration_response.preflight["/events"].response_templates["application/json"], "https://b.example.com")
    error_message = "A preflight request is told the methods, and its own origin where that is allowed."
  }

  assert {
    condition     = keys(aws_api_gateway_gateway_response.this) == ["BAD_REQUEST_BODY", "DEFAULT_4XX", "DEFAULT_5XX"] && aws_api_gateway_gateway_response.this["DEFAULT_4XX"].response_parameters == tomap({ "gatewayresponse.header.Access-Control-Allow-Origin" = "'*'" })
    error_message = "The gateway's own errors can be seen by the page."
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.access) == 0 && length(aws_api_gateway_stage.this.access_log_settings) == 0
    error_message = "No access log without the account's role for it."
  }

  assert {
    condition     = length(aws_api_gateway_request_validator.body) == 0
    error_message = "Without a model there is nothing to check."
  }
}

run "what_an_api_can_not_be_is_refused" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    name                 = "edp dev"
    stage                = "v 1"
    rate_limit           = 0
    burst_limit          = 0
    quota_per_day        = 0
    access_logs          = false
    log_retention_days   = 30
    cors_allowed_origins = ["https://a.example.com/path", "*"]
    function_names       = { long = "edp-dev-plain-long" }
    routes               = { long = { method = "GET", path = "/a/b/c/d/e", api_key_required = false, request_model = null, invoke_arn = "arn" } }
  }

  expect_failures = [var.name, var.stage, var.rate_limit, var.burst_limit, var.quota_per_day, var.cors_allowed_origins, var.routes]
}

run "a_function_runs_an_image_where_it_has_one" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name               = "edp-dev-plain-worker"
    zip                = "tests/functions/plain-worker.zip"
    image              = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/edp-dev-plain-worker:1"
    memory_mb          = 512
    timeout_seconds    = 60
    log_retention_days = 30
    statements         = []
  }

  assert {
    condition     = aws_lambda_function.this.package_type == "Image" && aws_lambda_function.this.image_uri == var.image && aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "The image is run, on arm64."
  }

  assert {
    condition     = aws_lambda_function.this.filename == null && aws_lambda_function.this.handler == null && aws_lambda_function.this.runtime == null
    error_message = "What a zip needs is the image's own."
  }
}

run "a_repository_keeps_its_tags_and_ten_images" {
  command = plan

  module {
    source = "./modules/repository"
  }

  variables {
    name         = "edp-dev-plain-worker"
    function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:edp-dev-plain-worker"
  }

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push && one(aws_ecr_repository.this.encryption_configuration).encryption_type == "AES256"
    error_message = "Tags stay where they are, images are scanned and encrypted."
  }

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : [rule.selection.countType, rule.selection.countNumber, rule.action.type]] == [["imageCountMoreThan", 10, "expire"]]
    error_message = "The last ten images are kept."
  }

  assert {
    condition = jsondecode(aws_ecr_repository_policy.this.policy).Statement == [{
      Sid       = "LambdaECRImageRetrievalPolicy"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
      Condition = { ArnLike = { "aws:SourceArn" = ["arn:aws:lambda:eu-west-1:123456789012:function:edp-dev-plain-worker", "arn:aws:lambda:eu-west-1:123456789012:function:edp-dev-plain-worker:*"] } }
    }]
    error_message = "Lambda pulls for this function only."
  }
}

run "what_a_repository_can_not_be_is_refused" {
  command = plan

  module {
    source = "./modules/repository"
  }

  variables {
    name         = "edp--worker"
    function_arn = "arn"
    keep_images  = 1
  }

  expect_failures = [var.name, var.keep_images]
}
