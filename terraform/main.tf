data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  prefix     = "${var.project}-${var.env}"
}

module "topology" {
  source = "./modules/topology"

  directory  = "${path.root}/${var.pipelines_directory}"
  names      = var.pipeline_names
  project    = var.project
  env        = var.env
  account_id = local.account_id
  region     = var.region
  partition  = local.partition
}

module "bucket" {
  source   = "./modules/bucket"
  for_each = module.topology.buckets

  name                   = each.value.name
  arn                    = each.value.arn
  versioned              = each.value.versioned
  event_bridge           = each.value.event_bridge
  expire_noncurrent_days = each.value.expire_noncurrent_days
  upload_prefix          = each.value.upload_prefix
  upload_principals      = each.value.upload_prefix == null ? [] : lookup(var.upload_principals, each.key, [])
  tls_only               = !startswith(coalesce(var.endpoint_url, "https://"), "http://")
  force_destroy          = var.force_destroy
  tags                   = { pipeline = each.value.pipeline }

  notifications = [
    for one in each.value.notifications : { queue_arn = module.queue[one.queue].arn, prefix = one.prefix, suffix = one.suffix }
  ]
}

module "undelivered" {
  source   = "./modules/undelivered"
  for_each = module.topology.undelivered

  name       = each.value.name
  arn        = each.value.arn
  rule_arns  = each.value.rule_arns
  topic_arns = each.value.topic_arns
  tags       = { pipeline = each.key }
}

module "rule" {
  source   = "./modules/rule"
  for_each = module.topology.rules

  name        = each.value.name
  description = "Events of the pipeline ${each.value.pipeline}"
  pattern     = each.value.pattern
  tags        = { pipeline = each.value.pipeline }
}

module "topic" {
  source   = "./modules/topic"
  for_each = module.topology.topics

  name                  = each.value.name
  arn                   = each.value.arn
  kms_key_arn           = one(module.key[*].arn)
  rule                  = each.value.rule == null ? null : { name = module.rule[each.value.rule].name, arn = each.value.rule_arn }
  emails                = each.value.email ? var.notify_emails : []
  undelivered_queue_arn = module.undelivered[each.value.pipeline].arn
  tags                  = { pipeline = each.value.pipeline }
}

module "queue" {
  source   = "./modules/queue"
  for_each = module.topology.queues

  name                       = each.value.name
  arn                        = each.value.arn
  dlq_name                   = each.value.dlq_name
  dlq_arn                    = each.value.dlq_arn
  fifo                       = each.value.fifo
  visibility_timeout_seconds = each.value.visibility_timeout_seconds
  retention_seconds          = each.value.retention_seconds
  delay_seconds              = each.value.delay_seconds
  receive_wait_seconds       = each.value.receive_wait_seconds
  max_receive_count          = each.value.max_receive_count
  dlq_retention_seconds      = each.value.dlq_retention_seconds
  restrict_redrive           = !local.emulated
  topic_arns                 = each.value.topic_arns
  bucket_arns                = each.value.bucket_arns
  account_id                 = local.account_id
  undelivered_queue_arn      = module.undelivered[each.value.pipeline].arn
  tags                       = { pipeline = each.value.pipeline }

  subscriptions = {
    for topic, subscription in each.value.subscriptions :
    topic => merge(subscription, { topic_arn = module.topic[topic].arn })
  }
}

module "table" {
  source   = "./modules/table"
  for_each = module.topology.tables

  name                   = each.value.name
  hash_key               = each.value.hash_key
  range_key              = each.value.range_key
  indexes                = each.value.indexes
  ttl_attribute          = each.value.ttl_attribute
  point_in_time_recovery = each.value.point_in_time_recovery
  deletion_protection    = var.deletion_protection
  tags                   = { pipeline = each.value.pipeline }
}

module "stream" {
  source   = "./modules/stream"
  for_each = module.topology.streams

  name            = each.value.name
  shards          = each.value.shards
  retention_hours = each.value.retention_hours
  tags            = { pipeline = each.value.pipeline }
}

module "delivery" {
  source   = "./modules/delivery"
  for_each = module.topology.deliveries

  name               = each.value.name
  account_id         = local.account_id
  stream_arn         = module.stream[each.value.stream].arn
  stream_policy_arn  = each.value.stream_arn
  bucket_arn         = each.value.bucket_arn
  log_group_arn      = each.value.log_group_arn
  prefix             = each.value.prefix
  error_prefix       = each.value.error_prefix
  partition_keys     = each.value.partition_keys
  buffer_mb          = each.value.buffer_mb
  buffer_seconds     = each.value.buffer_seconds
  compression        = each.value.compression
  log_retention_days = var.log_retention_days
  tags               = { pipeline = each.value.pipeline }
}

locals {
  # What the variables of a function's environment hold, by kind and id. Buckets by their names, which are known:
  # a reference to module.bucket would wait for its slowest resource, the lifecycle (55 s).
  addresses = {
    buckets = { for id, bucket in module.topology.buckets : id => bucket.name }
    topics  = { for id, topic in module.topic : id => topic.arn }
    queues  = { for id, queue in module.queue : id => queue.url }
    dlqs    = { for id, queue in module.queue : id => queue.dlq_url }
    tables  = { for id, table in module.table : id => table.name }
    streams = { for id, stream in module.stream : id => stream.name }

    database_hosts   = { for id, database in local.databases : id => database.host }
    database_ports   = { for id, database in local.databases : id => tostring(database.port) }
    database_names   = { for id, database in local.databases : id => database.database_name }
    database_secrets = { for id, database in local.databases : id => database.secret_arn }
  }

  emulator_variables = local.emulated ? {
    AWS_ENDPOINT_URL = coalesce(var.function_endpoint_url, var.endpoint_url)
  } : {}
}

module "function" {
  source   = "./modules/function"
  for_each = module.topology.functions

  name                 = each.value.name
  description          = "Function ${each.value.key} of the pipeline ${each.value.pipeline}"
  zip                  = "${path.root}/${var.functions_directory}/${each.value.zip}"
  image                = contains(keys(var.images), each.key) ? "${module.repository[each.key].url}:${var.images[each.key]}" : null
  memory_mb            = each.value.memory_mb
  timeout_seconds      = each.value.timeout_seconds
  network              = length(setintersection(each.value.databases, local.rds_databases)) == 0 ? null : one(local.networks)
  ephemeral_storage_mb = each.value.ephemeral_storage_mb
  log_retention_days   = var.log_retention_days
  tags                 = { pipeline = each.value.pipeline }

  environment = merge(
    each.value.environment,
    { for variable, data in each.value.references : variable => local.addresses[data.kind][data.id] },
    local.emulator_variables,
    # Node.js trusts the authority of RDS's certificates only when told to; Lambda has them in this file.
    # https://docs.aws.amazon.com/lambda/latest/dg/services-rds.html#rds-connection
    length(each.value.databases) == 0 || local.emulated ? {} : { NODE_EXTRA_CA_CERTS = "/var/runtime/ca-cert.pem" },
    each.value.queue == null && length(var.cors_allowed_origins) > 0 ? { EDP_CORS_ALLOWED_ORIGINS = join(",", var.cors_allowed_origins) } : {},
  )

  statements = concat(each.value.statements, length(each.value.databases) == 0 ? [] : [{
    sid       = "ReadSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [for id in each.value.databases : local.databases[id].secret_arn]
  }])

  queue = each.value.queue == null ? null : {
    arn                  = module.queue[each.value.queue].arn
    batch_size           = each.value.batch_size
    batch_window_seconds = each.value.batch_window_seconds
    maximum_concurrency  = each.value.maximum_concurrency
  }

  kms_key_arn = each.value.publishes ? one(module.key[*].arn) : null
}

module "api" {
  source   = "./modules/api"
  for_each = module.topology.apis

  name                 = each.value.name
  description          = "API ${each.value.key} of the pipeline ${each.value.pipeline}"
  stage                = each.value.stage
  rate_limit           = each.value.rate_limit
  burst_limit          = each.value.burst_limit
  quota_per_day        = each.value.quota_per_day
  cors_allowed_origins = var.cors_allowed_origins
  access_logs          = var.api_access_logs
  log_retention_days   = var.log_retention_days
  tags                 = { pipeline = each.value.pipeline }

  routes         = each.value.routes
  function_names = { for id in keys(each.value.routes) : id => module.function[id].name }
}
