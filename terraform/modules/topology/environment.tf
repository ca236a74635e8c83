# The variables that a function gets from its edges; src/topology/edges.ts derives the same.

locals {
  # What a key in `reads` or `writes` means: exactly one thing, which module checked has made sure of.
  data = {
    for name, pipeline in local.pipelines : name => merge(
      { for key in keys(pipeline.buckets) : key => "buckets" },
      { for key in keys(pipeline.queues) : key => "queues" },
      { for key in keys(pipeline.topics) : key => "topics" },
    )
  }

  edges = {
    for id, one in local.declared.functions : id => {
      for edge in ["reads", "writes"] : edge => [
        for key in one.thing[edge] : { id = "${one.pipeline}/${key}", key = key, kind = local.data[one.pipeline][key] }
      ]
    }
  }

  # Variable -> the thing whose address it holds.
  references = {
    for id, one in local.declared.functions : id => merge(
      { "DLQ_${replace(upper(one.thing.from.queue), "-", "_")}_URL" = { kind = "dlqs", id = "${one.pipeline}/${one.thing.from.queue}" } },
      {
        for data in distinct(concat(local.edges[id].reads, local.edges[id].writes)) :
        format(
          { buckets = "BUCKET_%s", queues = "QUEUE_%s_URL", topics = "TOPIC_%s_ARN" }[data.kind],
          replace(upper(data.key), "-", "_"),
        ) => { kind = data.kind, id = data.id }
      },
    )
  }
}
