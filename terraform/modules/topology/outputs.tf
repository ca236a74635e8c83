output "names" {
  description = "Physical names by kind and id (<pipeline>/<key>), those of the queues for undeliverable events by pipeline."
  value       = local.names
}

output "buckets" {
  description = "Buckets by id (<pipeline>/<key>), with the queues that hear of their new objects from S3."
  value = {
    for id, one in local.declared.buckets : id => {
      pipeline               = one.pipeline
      key                    = one.key
      name                   = local.names.buckets[id]
      arn                    = local.arns.buckets[id]
      versioned              = one.thing.versioned
      event_bridge           = one.thing.eventBridge
      expire_noncurrent_days = one.thing.expireNoncurrentDays
      upload_prefix          = one.thing.uploadPrefix
      notifications = flatten([
        for queue_id, queue in local.declared.queues : [
          for source in queue.thing.from : { queue = queue_id, prefix = source.prefix, suffix = source.suffix }
          if source.bucket == one.key
        ] if queue.pipeline == one.pipeline
      ])
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
  description = "Topics by id, with the rule that publishes to them, null where functions do."
  value = {
    for id, one in local.declared.topics : id => {
      pipeline = one.pipeline
      key      = one.key
      name     = local.names.topics[id]
      arn      = local.arns.topics[id]
      rule     = one.thing.from == null ? null : "${one.pipeline}/${one.thing.from.rule}"
      rule_arn = one.thing.from == null ? null : local.arns.rules["${one.pipeline}/${one.thing.from.rule}"]
      email    = one.thing.email
    }
  }
}

output "queues" {
  description = "Queues by id, with their DLQ, the topics and buckets that may send to them, and their subscriptions by topic id."
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
      topic_arns                 = [for source in one.thing.from : local.arns.topics["${one.pipeline}/${source.topic}"] if source.topic != null]
      bucket_arns                = distinct([for source in one.thing.from : local.arns.buckets["${one.pipeline}/${source.bucket}"] if source.bucket != null])
      subscriptions = {
        for source in one.thing.from : "${one.pipeline}/${source.topic}" => {
          raw_message_delivery = source.rawMessageDelivery
          filter_policy        = source.filterPolicy == "null" ? null : source.filterPolicy
        } if source.topic != null
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

output "tables" {
  description = "DynamoDB tables by id, with their keys and indexes as name and type."
  value = {
    for id, one in local.declared.tables : id => {
      pipeline               = one.pipeline
      key                    = one.key
      name                   = local.names.tables[id]
      hash_key               = one.thing.hashKey
      range_key              = one.thing.rangeKey
      ttl_attribute          = one.thing.ttlAttribute
      point_in_time_recovery = one.thing.pointInTimeRecovery
      indexes = {
        for key, index in one.thing.indexes : key => { hash_key = index.hashKey, range_key = index.rangeKey }
      }
    }
  }
}

output "streams" {
  description = "Kinesis data streams by id; shards null for on demand."
  value = {
    for id, one in local.declared.streams : id => {
      pipeline        = one.pipeline
      key             = one.key
      name            = local.names.streams[id]
      arn             = local.arns.streams[id]
      shards          = one.thing.shards
      retention_hours = one.thing.retentionHours
    }
  }
}

output "deliveries" {
  description = "Firehose delivery streams by id, with ids of their stream and their bucket."
  value = {
    for id, one in local.declared.deliveries : id => {
      pipeline       = one.pipeline
      key            = one.key
      name           = local.names.deliveries[id]
      log_group_arn  = local.arns.delivery_logs[id]
      stream         = "${one.pipeline}/${one.thing.from.stream}"
      stream_arn     = local.arns.streams["${one.pipeline}/${one.thing.from.stream}"]
      bucket_arn     = local.arns.buckets["${one.pipeline}/${one.thing.to.bucket}"]
      prefix         = one.thing.to.prefix
      error_prefix   = one.thing.to.errorPrefix
      partition_keys = one.thing.partitionKeys
      buffer_mb      = one.thing.bufferMb
      buffer_seconds = one.thing.bufferSeconds
      compression    = one.thing.compression
    }
  }
}

output "apis" {
  description = "REST APIs by id, with their routes by the id of the function that answers."
  value = {
    for id, one in local.declared.apis : id => {
      pipeline      = one.pipeline
      key           = one.key
      name          = local.names.apis[id]
      stage         = one.thing.stage
      rate_limit    = one.thing.rateLimit
      burst_limit   = one.thing.burstLimit
      quota_per_day = one.thing.quotaPerDay
      routes = {
        for function_id, function in local.declared.functions : function_id => {
          method           = function.thing.from.method
          path             = function.thing.from.path
          api_key_required = function.thing.from.apiKeyRequired
          request_model    = function.thing.from.requestModel == "null" ? null : function.thing.from.requestModel
          invoke_arn       = "arn:${var.partition}:apigateway:${var.region}:lambda:path/2015-03-31/functions/${local.arns.functions[function_id]}/invocations"
        } if function.pipeline == one.pipeline && function.thing.from.api == one.key
      }
    }
  }
}

output "databases" {
  description = "Databases by id."
  value = {
    for id, one in local.declared.databases : id => {
      pipeline              = one.pipeline
      key                   = one.key
      name                  = local.names.databases[id]
      postgres_version      = one.thing.version
      instance_class        = one.thing.instanceClass
      storage_gb            = one.thing.storageGb
      max_storage_gb        = one.thing.maxStorageGb
      backup_retention_days = one.thing.backupRetentionDays
    }
  }
}

output "functions" {
  description = "Functions by id, with the queue that feeds them (null where an API invokes them), their environment (references: variable -> kind and id of a thing) and what they may do."
  value = {
    for id, one in local.declared.functions : id => {
      pipeline             = one.pipeline
      key                  = one.key
      name                 = local.names.functions[id]
      zip                  = "${one.pipeline}-${one.key}.zip"
      memory_mb            = one.thing.memoryMb
      timeout_seconds      = one.thing.timeoutSeconds
      ephemeral_storage_mb = one.thing.ephemeralStorageMb
      queue                = one.thing.from.queue == null ? null : "${one.pipeline}/${one.thing.from.queue}"
      batch_size           = one.thing.from.batchSize
      batch_window_seconds = one.thing.from.batchWindowSeconds
      maximum_concurrency  = one.thing.from.maximumConcurrency
      environment          = one.thing.environment
      references           = local.references[id]
      statements           = local.statements[id]
      publishes            = contains([for data in local.edges[id].writes : data.kind], "topics")

      # Ids of the databases it uses; the statement about their secrets needs ARNs that no name tells.
      databases = distinct([for data in concat(local.edges[id].reads, local.edges[id].writes) : data.id if data.kind == "databases"])
    }
  }
}
