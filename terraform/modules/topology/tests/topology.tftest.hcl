# What the module derives from sound files. What it refuses is held to the shared fixtures by
# test/terraform/fixtures.test.ts; what they don't cover is below.

variables {
  directory  = "../../../test/fixtures/topology/valid"
  names      = ["many-edges", "plain", "empty", "every-kind"]
  project    = "edp"
  env        = "dev"
  account_id = "123456789012"
  region     = "eu-west-1"
}

run "names_follow_one_rule" {
  command = plan

  assert {
    condition     = output.names.buckets["many-edges/raw"] == "edp-dev-many-edges-raw-123456789012"
    error_message = "A bucket's name must end with the account, since it is unique in all of AWS."
  }

  assert {
    condition     = output.names.queues["many-edges/work"] == "edp-dev-many-edges-work" && output.names.dlqs["many-edges/work"] == "edp-dev-many-edges-work-dlq"
    error_message = "A queue and its DLQ must be called after pipeline and key."
  }

  assert {
    condition     = output.names.queues["many-edges/ordered"] == "edp-dev-many-edges-ordered.fifo" && output.names.dlqs["many-edges/ordered"] == "edp-dev-many-edges-ordered-dlq.fifo"
    error_message = "FIFO queues and their DLQs must end in .fifo."
  }

  assert {
    condition     = output.names.undelivered == { "many-edges" = "edp-dev-many-edges-undelivered", plain = "edp-dev-plain-undelivered", empty = "edp-dev-empty-undelivered", "every-kind" = "edp-dev-every-kind-undelivered" }
    error_message = "Each pipeline must have its queue for undeliverable events."
  }
}

run "a_pipeline_without_things_makes_nothing" {
  command = plan

  variables {
    names = ["empty"]
  }

  assert {
    condition     = alltrue([for things in [output.buckets, output.rules, output.topics, output.queues, output.tables, output.streams, output.deliveries, output.functions, output.apis] : things == {}])
    error_message = "An empty pipeline must make nothing."
  }
}

run "a_rule_sees_its_bucket_only" {
  command = plan

  assert {
    condition     = jsondecode(output.rules["plain/landed"].pattern).detail.bucket.name == ["edp-dev-plain-raw-123456789012"]
    error_message = "The pattern must name the bucket."
  }

  assert {
    condition     = jsondecode(output.rules["many-edges/landed"].pattern).detail.object.key[0].prefix == "raw/"
    error_message = "The pattern must keep what the file says."
  }
}

run "a_function_gets_variables_for_its_edges" {
  command = plan

  assert {
    condition = output.functions["many-edges/worker"].references == {
      BUCKET_RAW        = { kind = "buckets", id = "many-edges/raw" }
      BUCKET_OUT        = { kind = "buckets", id = "many-edges/out" }
      QUEUE_ORDERED_URL = { kind = "queues", id = "many-edges/ordered" }
      TOPIC_NOTICES_ARN = { kind = "topics", id = "many-edges/notices" }
      DLQ_WORK_URL      = { kind = "dlqs", id = "many-edges/work" }
    }
    error_message = "Each edge must give one variable."
  }
}

run "a_function_may_do_what_its_edges_need" {
  command = plan

  variables {
    names = ["plain"]
  }

  assert {
    condition = { for statement in output.functions["plain/worker"].statements : statement.sid => concat(statement.actions, statement.resources) } == {
      Receive      = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work"]
      DeadLetter   = ["sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:edp-dev-plain-work-dlq"]
      Log          = ["logs:CreateLogStream", "logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/edp-dev-plain-worker:*"]
      ReadObjects  = ["s3:GetObject", "s3:GetObjectVersion", "arn:aws:s3:::edp-dev-plain-raw-123456789012/*"]
      WriteObjects = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject", "arn:aws:s3:::edp-dev-plain-out-123456789012/*"]
      FindObjects  = ["s3:ListBucket", "arn:aws:s3:::edp-dev-plain-raw-123456789012", "arn:aws:s3:::edp-dev-plain-out-123456789012"]
    }
    error_message = "One statement per edge, on the things it names."
  }
}

run "a_function_may_send_and_publish_only_where_it_writes" {
  command = plan

  assert {
    condition     = [for statement in output.functions["many-edges/worker"].statements : statement.resources if statement.sid == "SendMessages"] == [["arn:aws:sqs:eu-west-1:123456789012:edp-dev-many-edges-ordered.fifo"]]
    error_message = "A queue in `writes` must be sent to."
  }

  assert {
    condition     = [for statement in output.functions["many-edges/worker"].statements : statement.resources if statement.sid == "Publish"] == [["arn:aws:sns:eu-west-1:123456789012:edp-dev-many-edges-notices"]]
    error_message = "A topic in `writes` must be published to."
  }

  assert {
    condition     = length([for statement in output.functions["many-edges/sorter"].statements : statement if !contains(["Receive", "DeadLetter", "Log"], statement.sid)]) == 0
    error_message = "A function that reads and writes nothing must get no more than its trigger needs."
  }
}

run "a_function_may_use_tables_streams_and_databases_as_it_says" {
  command = plan

  assert {
    condition     = output.functions["every-kind/load"].databases == tolist(["every-kind/analytics"])
    error_message = "A function must name the databases it uses."
  }

  assert {
    condition = { for statement in output.functions["every-kind/load"].statements : statement.sid => join(" ", statement.resources) if contains(["ReadItems", "WriteItems", "QueryIndexes", "PutRecords"], statement.sid) } == {
      ReadItems    = "arn:aws:dynamodb:eu-west-1:123456789012:table/edp-dev-every-kind-customers"
      WriteItems   = "arn:aws:dynamodb:eu-west-1:123456789012:table/edp-dev-every-kind-customers arn:aws:dynamodb:eu-west-1:123456789012:table/edp-dev-every-kind-claims"
      QueryIndexes = "arn:aws:dynamodb:eu-west-1:123456789012:table/edp-dev-every-kind-customers/index/by-reference"
      PutRecords   = "arn:aws:kinesis:eu-west-1:123456789012:stream/edp-dev-every-kind-events"
    }
    error_message = "Each table, index, stream and secret by its name."
  }

  assert {
    condition     = !contains(flatten([for function in values(output.functions) : [for statement in function.statements : statement.actions]]), "dynamodb:Scan")
    error_message = "No function may read whole tables."
  }

  assert {
    condition     = [for statement in output.functions["every-kind/look"].statements : statement.actions if statement.sid == "ReadRecords"] == [["kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]]
    error_message = "A stream in `reads` must be read only."
  }
}

run "what_an_api_invokes_has_no_queue" {
  command = plan

  assert {
    condition     = output.functions["every-kind/accept"].queue == null && [for statement in output.functions["every-kind/accept"].statements : statement.sid] == ["Log", "Publish", "PutRecords"]
    error_message = "Neither a queue to receive from nor a DLQ to send to."
  }

  assert {
    condition     = { for id, route in output.apis["every-kind/store"].routes : id => "${route.method} ${route.path} ${route.api_key_required} ${route.request_model != null}" } == { "every-kind/accept" = "POST /events true true", "every-kind/look" = "GET /events/{type}/{id} false false" }
    error_message = "An API's routes are the functions that take from it."
  }

  assert {
    condition     = output.apis["every-kind/other"].quota_per_day == null
    error_message = "An API may have no quota."
  }
}

run "queues_hear_of_topics_and_of_buckets" {
  command = plan

  assert {
    condition     = output.queues["every-kind/arrived"].bucket_arns == tolist(["arn:aws:s3:::edp-dev-every-kind-inbox-123456789012"]) && keys(output.queues["every-kind/arrived"].subscriptions) == ["every-kind/landed"]
    error_message = "A bucket may send once, however many sources name it."
  }

  assert {
    condition = output.buckets["every-kind/inbox"].notifications == [
      { queue = "every-kind/arrived", prefix = "incoming/", suffix = ".csv" },
      { queue = "every-kind/arrived", prefix = "incoming/", suffix = ".json" },
      { queue = "every-kind/others", prefix = "other/", suffix = "" },
    ]
    error_message = "A bucket tells every queue that hears of it."
  }

  assert {
    condition     = output.topics["every-kind/runs"].rule == null && output.topics["every-kind/runs"].email
    error_message = "Functions publish to a topic without a rule."
  }
}

run "other_partitions_have_their_own_arns" {
  command = plan

  variables {
    partition = "aws-cn"
    region    = "cn-north-1"
  }

  assert {
    condition     = output.queues["plain/work"].arn == "arn:aws-cn:sqs:cn-north-1:123456789012:edp-dev-plain-work"
    error_message = "ARNs must name partition and region."
  }
}

run "a_pipeline_without_a_file_is_refused" {
  command = plan

  variables {
    names = ["plain", "missing"]
  }

  expect_failures = [var.names]
}

run "a_prefix_that_no_bucket_name_could_hold_is_refused" {
  command = plan

  variables {
    project = "data-platform"
    env     = "production-eu"
  }

  expect_failures = [var.env]
}

run "an_account_that_is_none_is_refused" {
  command = plan

  variables {
    account_id = "12345"
  }

  expect_failures = [var.account_id]
}
