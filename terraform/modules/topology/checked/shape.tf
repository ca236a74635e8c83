# Faults in one field each: `<file> <place>: <what is wrong>`, as src/topology/shape.ts has them.

locals {
  # Kind, or a place in it -> field -> least and most. SetQueueAttributes, CreateFunction, CreateEventSourceMapping,
  # CreateStream, CreateDBInstance, CreateDeliveryStream, and the quotas of API Gateway. A maxReceiveCount below 5
  # sends messages to the DLQ that were only throttled.
  ranges = {
    buckets = { expireNoncurrentDays = [1, 3650] }
    queues = {
      visibilityTimeoutSeconds = [0, 43200]
      retentionSeconds         = [60, 1209600]
      delaySeconds             = [0, 900]
      receiveWaitSeconds       = [0, 20]
      maxReceiveCount          = [5, 1000]
      dlqRetentionSeconds      = [60, 1209600]
    }
    databases = {
      storageGb           = [20, 65536]
      maxStorageGb        = [20, 65536]
      backupRetentionDays = [0, 35]
    }
    streams = {
      shards         = [1, 10000]
      retentionHours = [24, 8760]
    }
    deliveries = {
      bufferMb      = [1, 128]
      bufferSeconds = [0, 900]
    }
    functions = {
      memoryMb           = [128, 10240]
      timeoutSeconds     = [1, 900]
      ephemeralStorageMb = [512, 10240]
    }
    apis = {
      rateLimit   = [1, 10000]
      burstLimit  = [1, 5000]
      quotaPerDay = [1, 1000000000]
    }
  }

  trigger_ranges = {
    batchSize          = [1, 10000]
    batchWindowSeconds = [0, 300]
    maximumConcurrency = [2, 1000]
  }

  # Null stands for "none" where the type allows it; elsewhere outline_faults has said it.
  numbers = [
    for one in flatten([
      [for kind, fields in local.ranges : [
        for one in local.things[kind] : [
          for field, range in fields : { at = "${one.at}.${field}", value = one.thing[field], least = range[0], most = range[1] }
        ]
      ]],
      [for one in local.triggers : [
        for field, range in local.trigger_ranges : { at = "${one.at}.from.${field}", value = one.from[field], least = range[0], most = range[1] }
      ]],
    ]) : one if one.value != null
  ]

  keys = concat(
    flatten([for things in values(local.things) : [for one in things : { at = one.at, key = one.key }]]),
    [for one in local.indexes : { at = one.at, key = one.key }],
  )

  # Each with the rule that it breaks where `good` is false.
  texts = concat(
    [for one in local.things.buckets : {
      # It stands in the resource of a policy, where these would be wildcards or variables.
      at   = "${one.at}.uploadPrefix"
      good = one.thing.uploadPrefix == null || can(regex("^[^*?$]+$", one.thing.uploadPrefix))
      rule = "must be a prefix without *, ? and $, and not empty"
    }],
    flatten([for one in local.key_attributes : [
      { at = "${one.at}.type", good = contains(["S", "N", "B"], one.attribute.type), rule = "must be S, N or B" },
      { at = "${one.at}.name", good = one.attribute.name != "", rule = "must not be empty" },
      { at = "${one.at}.name", good = length(one.attribute.name) <= 255, rule = "must be at most 255 characters" },
    ]]),
    flatten([for one in local.things.tables : [
      { at = "${one.at}.ttlAttribute", good = one.thing.ttlAttribute != "", rule = "must not be empty" },
      { at = "${one.at}.ttlAttribute", good = length(coalesce(one.thing.ttlAttribute, "none")) <= 255, rule = "must be at most 255 characters" },
    ]]),
    flatten([for one in local.things.databases : [
      { at = "${one.at}.engine", good = one.thing.engine == "postgres", rule = "must be postgres" },
      { at = "${one.at}.version", good = can(regex("^[0-9]{2}$", one.thing.version)), rule = "must be a major version such as 17" },
      { at = "${one.at}.instanceClass", good = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", one.thing.instanceClass)), rule = "must be an instance class such as db.t4g.small" },
    ]]),
    flatten([for one in local.things.deliveries : concat(
      [{ at = "${one.at}.compression", good = contains(["GZIP", "UNCOMPRESSED"], one.thing.compression), rule = "must be GZIP or UNCOMPRESSED" }],
      [
        for name in keys(one.thing.partitionKeys) :
        { at = "${one.at}.partitionKeys.${name}", good = can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name)), rule = "must be letters, digits and _, not starting with a digit" }
      ],
    )]),
    [
      for one in local.api_triggers :
      { at = "${one.at}.from.method", good = contains(["GET", "POST", "PUT", "PATCH", "DELETE"], one.from.method), rule = "must be GET, POST, PUT, PATCH, DELETE" }
    ],
    [for one in local.things.apis : { at = "${one.at}.stage", good = can(regex("^[A-Za-z0-9_-]{1,128}$", one.thing.stage)), rule = "must be 1 to 128 letters, digits, - or _" }],
  )

  shape_faults = concat(
    [for name, pipeline in var.pipelines : "${name}.json name: is ${pipeline.name}, but the file is called ${name}.json: they must agree" if pipeline.name != name],
    [for name in keys(var.pipelines) : "${name}.json name: must be lower-case letters, digits and -, starting with a letter" if !can(regex("^[a-z][a-z0-9-]*$", name))],
    [for name, pipeline in var.pipelines : "${name}.json description: must not be empty" if pipeline.description == ""],
    [for name, pipeline in var.pipelines : "${name}.json unit: must be object, event or row" if !contains(["object", "event", "row"], pipeline.unit)],
    [for one in local.keys : "${one.at}: must be lower-case letters, digits and -, starting with a letter" if !can(regex("^[a-z][a-z0-9-]*$", one.key))],
    [for one in local.numbers : "${one.at}: must be a whole number from ${one.least} to ${one.most}" if one.value != floor(one.value) || one.value < one.least || one.value > one.most],
    [for one in local.texts : "${one.at}: ${one.rule}" if !one.good],
  )
}
