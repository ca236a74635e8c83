# What a function may do: one statement per edge and kind of access, on exactly the things it names.

locals {
  statements = {
    for id in keys(local.declared.functions) : id => [
      for statement in [
        {
          # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
          sid       = "Receive"
          actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
          resources = [for queue in local.feeds[id] : local.arns.queues[queue.id]]
        },
        {
          # A permanent fault goes there at once, with its cause.
          sid       = "DeadLetter"
          actions   = ["sqs:SendMessage"]
          resources = [for queue in local.feeds[id] : local.arns.dlqs[queue.id]]
        },
        {
          # Without logs:CreateLogGroup, or a destroyed group would come back.
          sid       = "Log"
          actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          resources = ["${local.arns.logs[id]}:*"]
        },
        {
          sid       = "ReadObjects"
          actions   = ["s3:GetObject", "s3:GetObjectVersion"]
          resources = [for data in local.edges[id].reads : "${local.arns.buckets[data.id]}/*" if data.kind == "buckets"]
        },
        {
          # GetObject: a function reads the claims it wrote, and If-Match needs it.
          sid       = "WriteObjects"
          actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
          resources = [for data in local.edges[id].writes : "${local.arns.buckets[data.id]}/*" if data.kind == "buckets"]
        },
        {
          # Without it a missing key is answered with 403 instead of 404.
          sid     = "FindObjects"
          actions = ["s3:ListBucket"]
          resources = distinct([
            for data in concat(local.edges[id].reads, local.edges[id].writes) :
            local.arns.buckets[data.id] if data.kind == "buckets"
          ])
        },
        {
          sid       = "SendMessages"
          actions   = ["sqs:SendMessage"]
          resources = [for data in local.edges[id].writes : local.arns.queues[data.id] if data.kind == "queues"]
        },
        {
          sid       = "Publish"
          actions   = ["sns:Publish"]
          resources = [for data in local.edges[id].writes : local.arns.topics[data.id] if data.kind == "topics"]
        },
        {
          # Items by key or by query; no Scan, which reads whole tables.
          sid       = "ReadItems"
          actions   = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query"]
          resources = [for data in local.edges[id].reads : local.arns.tables[data.id] if data.kind == "tables"]
        },
        {
          # A conditional write is followed by a look at what is there.
          sid = "WriteItems"
          actions = [
            "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
            "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
          ]
          resources = [for data in local.edges[id].writes : local.arns.tables[data.id] if data.kind == "tables"]
        },
        {
          sid     = "QueryIndexes"
          actions = ["dynamodb:Query"]
          resources = distinct(flatten([
            for data in concat(local.edges[id].reads, local.edges[id].writes) : [
              for index in keys(local.declared.tables[data.id].thing.indexes) : "${local.arns.tables[data.id]}/index/${index}"
            ] if data.kind == "tables"
          ]))
        },
        {
          sid       = "ReadRecords"
          actions   = ["kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
          resources = [for data in local.edges[id].reads : local.arns.streams[data.id] if data.kind == "streams"]
        },
        {
          sid       = "PutRecords"
          actions   = ["kinesis:DescribeStreamSummary", "kinesis:PutRecord", "kinesis:PutRecords"]
          resources = [for data in local.edges[id].writes : local.arns.streams[data.id] if data.kind == "streams"]
        },
      ] : statement if length(statement.resources) > 0
    ]
  }
}
