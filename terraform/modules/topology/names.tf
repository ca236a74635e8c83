# The one naming rule; src/topology/names.ts follows it on the local engine.

locals {
  prefix = "${var.project}-${var.env}"

  names = {
    buckets    = { for id, one in local.declared.buckets : id => "${local.prefix}-${one.pipeline}-${one.key}-${var.account_id}" }
    rules      = { for id, one in local.declared.rules : id => "${local.prefix}-${one.pipeline}-${one.key}" }
    topics     = { for id, one in local.declared.topics : id => "${local.prefix}-${one.pipeline}-${one.key}" }
    queues     = { for id, one in local.declared.queues : id => "${local.prefix}-${one.pipeline}-${one.key}${one.thing.fifo ? ".fifo" : ""}" }
    dlqs       = { for id, one in local.declared.queues : id => "${local.prefix}-${one.pipeline}-${one.key}-dlq${one.thing.fifo ? ".fifo" : ""}" }
    tables     = { for id, one in local.declared.tables : id => "${local.prefix}-${one.pipeline}-${one.key}" }
    databases  = { for id, one in local.declared.databases : id => "${local.prefix}-${one.pipeline}-${one.key}" }
    streams    = { for id, one in local.declared.streams : id => "${local.prefix}-${one.pipeline}-${one.key}" }
    deliveries = { for id, one in local.declared.deliveries : id => "${local.prefix}-${one.pipeline}-${one.key}" }
    functions  = { for id, one in local.declared.functions : id => "${local.prefix}-${one.pipeline}-${one.key}" }
    apis       = { for id, one in local.declared.apis : id => "${local.prefix}-${one.pipeline}-${one.key}" }

    # By pipeline.
    undelivered = { for name in keys(local.pipelines) : name => "${local.prefix}-${name}-undelivered" }
  }

  # For policy documents only: where AWS checks that a thing exists, its resource's attribute is used.
  regional = "${var.region}:${var.account_id}"
  arns = {
    buckets   = { for id, name in local.names.buckets : id => "arn:${var.partition}:s3:::${name}" }
    rules     = { for id, name in local.names.rules : id => "arn:${var.partition}:events:${local.regional}:rule/${name}" }
    topics    = { for id, name in local.names.topics : id => "arn:${var.partition}:sns:${local.regional}:${name}" }
    queues    = { for id, name in local.names.queues : id => "arn:${var.partition}:sqs:${local.regional}:${name}" }
    dlqs      = { for id, name in local.names.dlqs : id => "arn:${var.partition}:sqs:${local.regional}:${name}" }
    tables    = { for id, name in local.names.tables : id => "arn:${var.partition}:dynamodb:${local.regional}:table/${name}" }
    streams   = { for id, name in local.names.streams : id => "arn:${var.partition}:kinesis:${local.regional}:stream/${name}" }
    functions = { for id, name in local.names.functions : id => "arn:${var.partition}:lambda:${local.regional}:function:${name}" }
    logs      = { for id, name in local.names.functions : id => "arn:${var.partition}:logs:${local.regional}:log-group:/aws/lambda/${name}" }

    delivery_logs = { for id, name in local.names.deliveries : id => "arn:${var.partition}:logs:${local.regional}:log-group:/aws/kinesisfirehose/${name}" }

    undelivered = { for name, physical in local.names.undelivered : name => "arn:${var.partition}:sqs:${local.regional}:${physical}" }
  }
}
