# Names that would be too long for a service, or taken twice: src/topology/check-names.ts, check-together.ts.

locals {
  # Characters for `<pipeline>-<key>`: the service's limit (CreateBucket 63, PutRule 64, CreateTopic 256,
  # CreateQueue 80, CreateTable 255, CreateDBInstance 63, CreateStream 128, CreateRole 64 for a delivery's,
  # CreateFunction 64, CreateRestApi 128) less 24 for `<project>-<env>`, a dash and the suffixes.
  room = {
    buckets    = 63 - 25 - length("-123456789012")
    rules      = 64 - 25
    topics     = 256 - 25
    queues     = 80 - 25 - length("-dlq.fifo")
    tables     = 255 - 25
    databases  = 63 - 25
    streams    = 128 - 25
    deliveries = 64 - 25 - length("-delivery")
    functions  = 64 - 25
    apis       = 128 - 25
  }

  lengths = flatten([
    for name, pipeline in var.pipelines : [
      for kind, room in local.room : [
        for key in keys(pipeline[kind]) : {
          at = "${name}.json ${kind}.${key}", kind = kind, named = "${name}-${key}", room = room
        }
      ]
    ]
  ])

  # What pipelines make under the same service, to find two things of one name: `a` with the queue `b-c` and
  # `a-b` with the queue `c`.
  made = concat(
    [for one in local.lengths : { at = one.at, id = "${one.kind} ${one.named}" }],
    flatten([for name, pipeline in var.pipelines : [
      for key in keys(pipeline.queues) : { at = "${name}.json queues.${key}", id = "queues ${name}-${key}-dlq" }
    ]]),
    [for name in keys(var.pipelines) : { at = "${name}.json name", id = "queues ${name}-undelivered" }],
    # A function's role is called like the function.
    [for one in local.things.deliveries : { at = one.at, id = "functions ${one.pipeline}-${one.key}-delivery" }],
  )

  name_faults = concat(
    [for one in local.lengths : "${one.at}: is too long: ${one.named} has ${length(one.named)} characters, ${one.kind} have room for ${one.room}" if length(one.named) > one.room],
    flatten([for name, pipeline in var.pipelines : concat(
      [for key in keys(pipeline.queues) : "${name}.json queues.${key}: is reserved for what EventBridge and SNS could not deliver" if key == "undelivered"],
      [for key in keys(pipeline.queues) : "${name}.json queues.${key}: must not end in -dlq: so do the names of DLQs" if endswith(key, "-dlq")],
    )]),
    [
      for id, places in { for one in local.made : one.id => one.at... } :
      "${join(" and ", places)}: would have the same physical name: rename either" if length(places) > 1
    ],
  )
}
