# Faults in what functions demand: src/topology/check-functions.ts, check-access.ts.

locals {
  mappings = [
    for one in local.queue_triggers : {
      at       = one.at
      queue_at = "${one.pipeline}.json queues.${one.from.queue}"
      function = one.key
      from     = one.from
      timeout  = one.timeout
      queue    = try(var.pipelines[one.pipeline].queues[one.from.queue], null)
      # The functions before it, in the order of their keys.
      earlier = [
        for other in local.queue_triggers : other.key
        if other.pipeline == one.pipeline && other.from.queue == one.from.queue && other.order < one.order
      ]
    }
  ]
  fed = [for one in local.mappings : one if one.queue != null]

  trigger_faults = concat(
    [for one in local.mappings : "${one.at}.from.queue: there is no queue ${one.from.queue}" if one.queue == null],
    [for one in local.mappings : "${one.at}.from.queue: ${one.from.queue} already feeds the function ${one.earlier[0]}: two would take each other's messages" if length(one.earlier) > 0],
    [
      # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      for one in local.fed :
      "${one.queue_at}.visibilityTimeoutSeconds: must be at least ${6 * one.timeout + one.from.batchWindowSeconds}: 6 x the timeout of the function ${one.function} (${one.timeout}) + its batch window (${one.from.batchWindowSeconds})"
      if one.queue.visibilityTimeoutSeconds < 6 * one.timeout + one.from.batchWindowSeconds
    ],
    [for one in local.fed : "${one.at}.from.batchWindowSeconds: must be 0: ${one.from.queue} is a FIFO queue, which has no batch window" if one.queue.fifo && one.from.batchWindowSeconds > 0],
    [for one in local.fed : "${one.at}.from.batchSize: must be at most 10: ${one.from.queue} is a FIFO queue" if one.queue.fifo && one.from.batchSize > 10],
    [for one in local.fed : "${one.at}.from.batchWindowSeconds: must be at least 1 for a batch of more than 10" if !one.queue.fifo && one.from.batchSize > 10 && one.from.batchWindowSeconds < 1],
  )

  accesses = flatten([for name, pipeline in var.pipelines : [
    for key, function in pipeline.functions : [
      for edge in ["reads", "writes"] : [
        for index, thing in function[edge] : {
          at    = "${name}.json functions.${key}.${edge}[${index}]"
          edge  = edge
          key   = thing
          again = contains(slice(function[edge], 0, index), thing)
          kinds = [for kind in ["bucket", "queue", "topic", "table", "database", "stream"] : kind if contains(keys(pipeline["${kind}s"]), thing)]
        }
      ]
    ]
  ]])

  access_faults = concat(
    [for one in local.accesses : "${one.at}: ${one.key} is named twice" if one.again],
    [for one in local.accesses : "${one.at}: there is no bucket, queue, topic, table, database or stream ${one.key}" if length(one.kinds) == 0],
    [for one in local.accesses : "${one.at}: ${one.key} is ambiguous, there is a ${join(" and a ", one.kinds)} of that name: rename one" if length(one.kinds) > 1],
    [for one in local.accesses : "${one.at}: ${one.key} is a ${one.kinds[0]}: what it holds comes through `from`" if one.edge == "reads" && length(setintersection(one.kinds, ["queue", "topic"])) > 0 && length(one.kinds) == 1],
  )

  settings = flatten([for name, pipeline in var.pipelines : [
    for key, function in pipeline.functions : [
      for variable in keys(function.environment) : { at = "${name}.json functions.${key}.environment.${variable}", name = variable }
    ]
  ]])

  setting_faults = concat(
    [for one in local.settings : "${one.at}: must be letters, digits and _, starting with a letter, two at least" if !can(regex("^[A-Za-z][A-Za-z0-9_]+$", one.name))],
    [for one in local.settings : "${one.at}: is reserved: Lambda or edp sets variables with this beginning" if can(regex("(?i)^(AWS|LAMBDA|EDP|BUCKET|QUEUE|DLQ|TOPIC|STREAM|DELIVERY|TABLE|DATABASE|API)_", one.name))],
  )
}
