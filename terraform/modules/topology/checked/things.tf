locals {
  # Every thing by kind: where faults place it, its pipeline, its key.
  things = {
    for kind in ["buckets", "rules", "topics", "queues", "tables", "databases", "streams", "deliveries", "functions", "apis"] :
    kind => flatten([for name, pipeline in var.pipelines : [
      for key, thing in pipeline[kind] : { at = "${name}.json ${kind}.${key}", pipeline = name, key = key, thing = thing }
    ]])
  }

  # Sources of queues and triggers of functions have one of two outlines, told apart by the field that only it has.
  sources = flatten([for order, queue in local.things.queues : [
    for index, source in queue.thing.from : {
      at       = "${queue.at}.from[${index}]"
      pipeline = queue.pipeline
      queue    = queue.key
      order    = 1000 * order + index
      fifo     = queue.thing.fifo
      source   = source
      kinds    = [for kind in ["topic", "bucket"] : kind if source[kind] != null]
    }
  ]])

  triggers = [
    for order, one in local.things.functions : {
      order    = order
      at       = one.at
      pipeline = one.pipeline
      key      = one.key
      timeout  = one.thing.timeoutSeconds
      from     = one.thing.from
      kinds    = [for kind in ["queue", "api"] : kind if one.thing.from[kind] != null]
    }
  ]

  # The fields of each outline, and what has it whole.
  outlines = {
    topic  = ["topic", "rawMessageDelivery", "filterPolicy"]
    bucket = ["bucket", "prefix", "suffix"]
    queue  = ["queue", "batchSize", "batchWindowSeconds", "maximumConcurrency"]
    api    = ["api", "method", "path", "apiKeyRequired", "requestModel"]
  }
  topic_sources  = [for one in local.sources : one if one.kinds == ["topic"] && alltrue([for field in local.outlines.topic : one.source[field] != null])]
  bucket_sources = [for one in local.sources : one if one.kinds == ["bucket"] && alltrue([for field in local.outlines.bucket : one.source[field] != null])]
  queue_triggers = [for one in local.triggers : one if one.kinds == ["queue"] && alltrue([for field in local.outlines.queue : one.from[field] != null])]
  api_triggers   = [for one in local.triggers : one if one.kinds == ["api"] && alltrue([for field in local.outlines.api : one.from[field] != null])]

  outline_faults = concat(
    [for one in local.sources : "${one.at}: must have exactly one of topic and bucket" if length(one.kinds) != 1],
    [for one in local.triggers : "${one.at}.from: must have exactly one of queue and api" if length(one.kinds) != 1],
    [
      for place in flatten([
        [for one in local.sources : [for field in local.outlines[one.kinds[0]] : "${one.at}.${field}" if one.source[field] == null] if length(one.kinds) == 1],
        [for one in local.triggers : [for field in local.outlines[one.kinds[0]] : "${one.at}.from.${field}" if one.from[field] == null] if length(one.kinds) == 1],
      ]) : "${place}: is missing: every field has to be written out"
    ],
  )
}
