# Faults in one field each: `<file> <place>: <what is wrong>`, as src/topology/shape.ts has them.

locals {
  # SetQueueAttributes, CreateFunction, CreateEventSourceMapping. A maxReceiveCount below 5 sends messages to
  # the DLQ that were only throttled.
  numbers = flatten([
    for name, pipeline in var.pipelines : concat(
      flatten([
        for key, bucket in pipeline.buckets : {
          at = "${name}.json buckets.${key}.expireNoncurrentDays", value = bucket.expireNoncurrentDays, least = 1, most = 3650
        } if bucket.expireNoncurrentDays != null
      ]),
      flatten([
        for key, queue in pipeline.queues : [
          for field, range in {
            visibilityTimeoutSeconds = [0, 43200]
            retentionSeconds         = [60, 1209600]
            delaySeconds             = [0, 900]
            receiveWaitSeconds       = [0, 20]
            maxReceiveCount          = [5, 1000]
            dlqRetentionSeconds      = [60, 1209600]
          } : { at = "${name}.json queues.${key}.${field}", value = queue[field], least = range[0], most = range[1] }
        ]
      ]),
      flatten([
        for key, function in pipeline.functions : concat(
          [for field, range in {
            batchSize          = [1, 10000]
            batchWindowSeconds = [0, 300]
            maximumConcurrency = [2, 1000]
          } : { at = "${name}.json functions.${key}.from.${field}", value = function.from[field], least = range[0], most = range[1] }],
          [for field, range in {
            memoryMb       = [128, 10240]
            timeoutSeconds = [1, 900]
          } : { at = "${name}.json functions.${key}.${field}", value = function[field], least = range[0], most = range[1] }],
        )
      ]),
    )
  ])

  keys = flatten([
    for name, pipeline in var.pipelines : [
      for kind in ["buckets", "rules", "topics", "queues", "functions"] : [
        for key in keys(pipeline[kind]) : { at = "${name}.json ${kind}.${key}", key = key }
      ]
    ]
  ])

  shape_faults = concat(
    [for name, pipeline in var.pipelines : "${name}.json name: is ${pipeline.name}, but the file is called ${name}.json: they must agree" if pipeline.name != name],
    [for name in keys(var.pipelines) : "${name}.json name: must be lower-case letters, digits and -, starting with a letter" if !can(regex("^[a-z][a-z0-9-]*$", name))],
    [for name, pipeline in var.pipelines : "${name}.json description: must not be empty" if pipeline.description == ""],
    [for name, pipeline in var.pipelines : "${name}.json unit: must be object, event or row" if !contains(["object", "event", "row"], pipeline.unit)],
    [for one in local.keys : "${one.at}: must be lower-case letters, digits and -, starting with a letter" if !can(regex("^[a-z][a-z0-9-]*$", one.key))],
    [for one in local.numbers : "${one.at}: must be a whole number from ${one.least} to ${one.most}" if one.value != floor(one.value) || one.value < one.least || one.value > one.most],
  )
}
