# What a function may do: one statement per edge and kind of access, on exactly the things it names.

locals {
  statements = {
    for id, one in local.declared.functions : id => concat(
      [
        {
          # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
          sid       = "Receive"
          actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
          resources = [local.arns.queues["${one.pipeline}/${one.thing.from.queue}"]]
        },
        {
          # A permanent fault goes there at once, with its cause.
          sid       = "DeadLetter"
          actions   = ["sqs:SendMessage"]
          resources = [local.arns.dlqs["${one.pipeline}/${one.thing.from.queue}"]]
        },
        {
          # Without logs:CreateLogGroup, or a destroyed group would come back.
          sid       = "Log"
          actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          resources = ["${local.arns.logs[id]}:*"]
        },
      ],
      [
        for statement in [
          {
            sid       = "ReadObjects"
            actions   = ["s3:GetObject", "s3:GetObjectVersion"]
            resources = [for data in local.edges[id].reads : "${local.arns.buckets[data.id]}/*"]
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
        ] : statement if length(statement.resources) > 0
      ],
    )
  }
}
