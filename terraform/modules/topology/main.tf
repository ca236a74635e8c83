locals {
  files = { for name in var.names : name => jsondecode(file("${var.directory}/${name}.json")) }

  # Patterns, policies and models have any shape, which no typed variable can hold: they travel as JSON. Where a file
  # is not even whole enough for that it goes on as it is, and the typed variable says what is wrong with it.
  readable = {
    for name, file in local.files : name => try(merge(
      file,
      try({ rules = {
        for key, rule in file.rules : key => merge(rule, { pattern = jsonencode(rule.pattern) })
      } }, {}),
      try({ queues = {
        for key, queue in file.queues : key => merge(queue, { from = [
          for source in queue.from : merge(source, try({ filterPolicy = jsonencode(source.filterPolicy) }, {}))
        ] })
      } }, {}),
      try({ functions = {
        for key, function in file.functions : key => merge(function, {
          from = merge(function.from, try({ requestModel = jsonencode(function.from.requestModel) }, {}))
        })
      } }, {}),
    ), file)
  }
}

module "checked" {
  source = "./checked"

  pipelines = local.readable
}

locals {
  pipelines = module.checked.pipelines
  kinds     = ["buckets", "rules", "topics", "queues", "tables", "databases", "streams", "deliveries", "functions", "apis"]

  # Every thing of every pipeline by kind, under the id "<pipeline>/<key>".
  declared = {
    for kind in local.kinds : kind => merge([
      for name, pipeline in local.pipelines : {
        for key, thing in pipeline[kind] : "${name}/${key}" => { pipeline = name, key = key, thing = thing }
      }
    ]...)
  }
}
