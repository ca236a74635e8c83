locals {
  alerts_name       = "${local.prefix}-alerts"
  alerts_arn        = "arn:${local.partition}:sns:${var.region}:${local.account_id}:${local.alerts_name}"
  alarm_arn_pattern = "arn:${local.partition}:cloudwatch:${var.region}:${local.account_id}:alarm:${local.prefix}-*"

  # Shorter ages are no reason to wake anybody.
  least_alarming_age_seconds = 900
}

module "key" {
  source = "./modules/key"
  count  = var.encrypt_topics ? 1 : 0

  alias             = local.prefix
  account_id        = local.account_id
  partition         = local.partition
  topic_arns        = [for topic in values(module.topology.topics) : topic.arn if topic.rule != null]
  alerts_topic_arn  = local.alerts_arn
  alarm_arn_pattern = local.alarm_arn_pattern
}

module "alarms" {
  source = "./modules/alarms"

  topic_name        = local.alerts_name
  topic_arn         = local.alerts_arn
  alarm_arn_pattern = local.alarm_arn_pattern
  email             = var.alert_email
  kms_key_arn       = one(module.key[*].arn)

  queues = {
    for id, queue in module.topology.queues : id => {
      pipeline = queue.pipeline
      name     = queue.name
      dlq_name = queue.dlq_name

      # A message that failed once waits for its visibility timeout; one that failed twice is worth a look.
      max_age_seconds = max(local.least_alarming_age_seconds, 2 * queue.visibility_timeout_seconds)
    }
  }

  undelivered = { for name, queue in module.topology.undelivered : name => queue.name }

  functions = {
    for id, function in module.topology.functions : id => { pipeline = function.pipeline, name = function.name }
  }

  apis = {
    for id, api in module.topology.apis : id => { pipeline = api.pipeline, name = api.name, stage = api.stage }
  }

  streams = {
    for id, stream in module.topology.streams : id => { pipeline = stream.pipeline, name = stream.name }
  }

  deliveries = {
    for id, delivery in module.topology.deliveries : id => { pipeline = delivery.pipeline, name = delivery.name }
  }

  databases = {
    for id in local.rds_databases : id => {
      pipeline = module.topology.databases[id].pipeline
      name     = module.topology.databases[id].name
    }
  }
}

module "dashboard" {
  source = "./modules/dashboard"
  count  = length(var.pipeline_names) > 0 ? 1 : 0

  name   = local.prefix
  region = var.region

  pipelines = {
    for name, undelivered in module.topology.undelivered : name => {
      queues     = [for queue in values(module.topology.queues) : queue.name if queue.pipeline == name]
      functions  = [for function in values(module.topology.functions) : function.name if function.pipeline == name]
      apis       = [for api in values(module.topology.apis) : api.name if api.pipeline == name]
      streams    = [for stream in values(module.topology.streams) : stream.name if stream.pipeline == name]
      deliveries = [for delivery in values(module.topology.deliveries) : delivery.name if delivery.pipeline == name]
      dlqs = concat(
        [for queue in values(module.topology.queues) : queue.dlq_name if queue.pipeline == name],
        [undelivered.name],
      )
    }
  }
}
