# The variables that a function gets from its edges; src/topology/edges.ts derives the same.

locals {
  # What a key in `reads` or `writes` means: exactly one thing, which module checked has made sure of.
  data = {
    for name, pipeline in local.pipelines : name => merge(
      { for key in keys(pipeline.buckets) : key => "buckets" },
      { for key in keys(pipeline.queues) : key => "queues" },
      { for key in keys(pipeline.topics) : key => "topics" },
      { for key in keys(pipeline.tables) : key => "tables" },
      { for key in keys(pipeline.databases) : key => "databases" },
      { for key in keys(pipeline.streams) : key => "streams" },
    )
  }

  edges = {
    for id, one in local.declared.functions : id => {
      for edge in ["reads", "writes"] : edge => [
        for key in one.thing[edge] : { id = "${one.pipeline}/${key}", key = key, kind = local.data[one.pipeline][key] }
      ]
    }
  }

  # Kind -> the variables of its things, with what each holds: an address of root's local.addresses.
  variables = {
    buckets = { "BUCKET_%s" = "buckets" }
    queues  = { "QUEUE_%s_URL" = "queues" }
    topics  = { "TOPIC_%s_ARN" = "topics" }
    tables  = { "TABLE_%s" = "tables" }
    databases = {
      "DATABASE_%s_HOST"       = "database_hosts"
      "DATABASE_%s_PORT"       = "database_ports"
      "DATABASE_%s_NAME"       = "database_names"
      "DATABASE_%s_SECRET_ARN" = "database_secrets"
    }
    streams = { "STREAM_%s" = "streams" }
    dlqs    = { "DLQ_%s_URL" = "dlqs" }
  }

  # The queue whose messages a function gets; none where an API invokes it.
  feeds = {
    for id, one in local.declared.functions : id => one.thing.from.queue == null ? [] : [
      { id = "${one.pipeline}/${one.thing.from.queue}", key = one.thing.from.queue, kind = "dlqs" }
    ]
  }

  # Variable -> the thing whose address it holds.
  references = {
    for id, edges in local.edges : id => merge([
      for data in concat(local.feeds[id], distinct(concat(edges.reads, edges.writes))) : {
        for variable, kind in local.variables[data.kind] :
        format(variable, replace(upper(data.key), "-", "_")) => { kind = kind, id = data.id }
      }
    ]...)
  }
}
