output "names" {
  description = "Physical names by kind and id (<pipeline>/<key>), those of the queues for undeliverable events by pipeline."
  value       = local.names
}

output "buckets" {
  description = "Buckets by id (<pipeline>/<key>)."
  value = {
    for id, one in local.declared.buckets : id => {
      pipeline               = one.pipeline
      key                    = one.key
      name                   = local.names.buckets[id]
      arn                    = local.arns.buckets[id]
      versioned              = one.thing.versioned
      event_bridge           = one.thing.eventBridge
      expire_noncurrent_days = one.thing.expireNoncurrentDays
    }
  }
}

output "rules" {
  description = "Event rules by id, their pattern narrowed to the bucket they listen to."
  value = {
    for id, one in local.declared.rules : id => {
      pipeline = one.pipeline
      key      = one.key
      name     = local.names.rules[id]
      pattern = jsonencode(merge(jsondecode(one.thing.pattern), {
        detail = merge(
          try(jsondecode(one.thing.pattern).detail, {}),
          { bucket = { name = [local.names.buckets["${one.pipeline}/${one.thing.from.bucket}"]] } },
        )
      }))
    }
  }
}

output "topics" {
  description = "Topics by id, with the rule that publishes to them."
  value = {
    for id, one in local.declared.topics : id => {
      pipeline = one.pipeline
      key      = one.key
      name     = local.names.topics[id]
      arn      = local.arns.topics[id]
      rule     = "${one.pipeline}/${one.thing.from.rule}"
      rule_arn = local.arns.rules["${one.pipeline}/${one.thing.from.rule}"]
    }
  }
}

output "queues" {
  description = "Queues by id, with their DLQ, the topics that may send to them, and their subscriptions by topic id."
  value = {
    for id, one in local.declared.queues : id => {
      pipeline                   = one.pipeline
      key                        = one.key
      name                       = local.names.queues[id]
      arn                        = local.arns.queues[id]
      dlq_name                   = local.names.dlqs[id]
      dlq_arn                    = local.arns.dlqs[id]
      fifo                       = one.thing.fifo
      visibility_timeout_seconds = one.thing.visibilityTimeoutSeconds
      retention_seconds          = one.thing.retentionSeconds
      delay_seconds              = one.thing.delaySeconds
      receive_wait_seconds       = one.thing.receiveWaitSeconds
      max_receive_count          = one.thing.maxReceiveCount
      dlq_retention_seconds      = one.thing.dlqRetentionSeconds
      topic_arns                 = [for source in one.thing.from : local.arns.topics["${one.pipeline}/${source.topic}"]]
      subscriptions = {
        for source in one.thing.from : "${one.pipeline}/${source.topic}" => {
          raw_message_delivery = source.rawMessageDelivery
          filter_policy        = source.filterPolicy
        }
      }
    }
  }
}

output "undelivered" {
  description = "By pipeline, the queue for what EventBridge and SNS could not deliver, with who may send to it."
  value = {
    for name, physical in local.names.undelivered : name => {
      pipeline   = name
      name       = physical
      arn        = local.arns.undelivered[name]
      rule_arns  = [for id, one in local.declared.rules : local.arns.rules[id] if one.pipeline == name]
      topic_arns = [for id, one in local.declared.topics : local.arns.topics[id] if one.pipeline == name]
    }
  }
}

output "functions" {
  description = "Functions by id, with their trigger, their environment (references: variable -> kind and id of a thing) and what they may do."
  value = {
    for id, one in local.declared.functions : id => {
      pipeline             = one.pipeline
      key                  = one.key
      name                 = local.names.functions[id]
      zip                  = "${one.pipeline}-${one.key}.zip"
      memory_mb            = one.thing.memoryMb
      timeout_seconds      = one.thing.timeoutSeconds
      queue                = "${one.pipeline}/${one.thing.from.queue}"
      batch_size           = one.thing.from.batchSize
      batch_window_seconds = one.thing.from.batchWindowSeconds
      maximum_concurrency  = one.thing.from.maximumConcurrency
      environment          = one.thing.environment
      references           = local.references[id]
      statements           = local.statements[id]
      publishes            = contains([for data in local.edges[id].writes : data.kind], "topics")
    }
  }
}
