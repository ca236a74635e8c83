# Faults in what things demand of each other: src/topology/check.ts, check-queues.ts.

locals {
  bucket_faults = flatten([for name, pipeline in var.pipelines : [
    for key, bucket in pipeline.buckets :
    "${name}.json buckets.${key}.expireNoncurrentDays: must be null: a bucket without versions has no replaced ones"
    if !bucket.versioned && bucket.expireNoncurrentDays != null
  ]])

  rules = flatten([for name, pipeline in var.pipelines : [
    for key, rule in pipeline.rules : {
      at      = "${name}.json rules.${key}"
      bucket  = rule.from.bucket
      exists  = contains(keys(pipeline.buckets), rule.from.bucket)
      events  = try(pipeline.buckets[rule.from.bucket].eventBridge, true)
      pattern = jsondecode(rule.pattern)
      length  = length(rule.pattern)
      targets = length([for topic in values(pipeline.topics) : topic if try(topic.from.rule, null) == key])
    }
  ]])

  # How deep a pattern may go has no end, which HCL can't follow: the outline inside is checked by the parser.
  rule_faults = concat(
    [for rule in local.rules : "${rule.at}.from.bucket: there is no bucket ${rule.bucket}" if !rule.exists],
    [for rule in local.rules : "${rule.at}.from.bucket: the bucket ${rule.bucket} sends no events: set its eventBridge to true" if !rule.events],
    [for rule in local.rules : "${rule.at}.pattern: must be an object" if !can(keys(rule.pattern))],
    [for rule in local.rules : "${rule.at}.pattern: must name at least one field" if try(length(keys(rule.pattern)) == 0, false)],
    [for rule in local.rules : "${rule.at}.pattern: has ${rule.length} characters, a rule has room for 1920" if rule.length > 1920],
    [for rule in local.rules : "${rule.at}.pattern.detail.bucket: must not be given: the name of the bucket in `from` is filled in" if can(rule.pattern.detail.bucket)],
    [for rule in local.rules : "${rule.at}: no topic takes its events: they would be lost" if rule.targets == 0],
    [for rule in local.rules : "${rule.at}: feeds ${rule.targets} topics, EventBridge takes 5 targets" if rule.targets > 5],
  )

  topic_faults = flatten([for name, pipeline in var.pipelines : concat(
    [for key, topic in pipeline.topics : "${name}.json topics.${key}.from.rule: there is no rule ${topic.from.rule}" if topic.from != null && !contains(keys(pipeline.rules), try(topic.from.rule, ""))],
    [
      for key, topic in pipeline.topics : "${name}.json topics.${key}: no queue takes its messages: they would be lost"
      if !topic.email && !contains([for one in local.topic_sources : one.source.topic if one.pipeline == name], key)
    ],
  )])

  subscriptions = [
    for one in local.topic_sources : {
      at     = one.at
      topic  = one.source.topic
      exists = contains(keys(var.pipelines[one.pipeline].topics), one.source.topic)
      again  = contains([for other in local.topic_sources : other.source.topic if other.pipeline == one.pipeline && other.queue == one.queue && other.order < one.order], one.source.topic)
      policy = jsondecode(one.source.filterPolicy)
    }
  ]

  queue_faults = concat(
    flatten([for name, pipeline in var.pipelines : concat(
      [
        for key, queue in pipeline.queues :
        "${name}.json queues.${key}.dlqRetentionSeconds: must be at least retentionSeconds (${queue.retentionSeconds}): a dead letter keeps its age"
        if queue.dlqRetentionSeconds < queue.retentionSeconds
      ],
      [
        for key, queue in pipeline.queues :
        "${name}.json queues.${key}.from: must be empty: neither a standard topic nor S3 can deliver to a FIFO queue"
        if queue.fifo && length(queue.from) > 0
      ],
    )]),
    [for one in local.subscriptions : "${one.at}.topic: there is no topic ${one.topic}" if !one.exists],
    [for one in local.subscriptions : "${one.at}.topic: ${one.topic} is named twice: a topic has one subscription per queue" if one.again],
    [for one in local.subscriptions : "${one.at}.filterPolicy: names ${length(one.policy)} attributes, SNS takes 5" if try(length(keys(one.policy)) > 5, false)],
    [for one in local.subscriptions : "${one.at}.filterPolicy: must name at least one field" if try(length(keys(one.policy)) == 0, false)],
    flatten([for one in local.subscriptions : [
      for attribute, values in one.policy : "${one.at}.filterPolicy.${attribute}: must be an array of values, one at least"
      if !can(values[0])
    ] if can(keys(one.policy))]),
  )
}
