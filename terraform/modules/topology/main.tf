locals {
  files = { for name in var.names : name => jsondecode(file("${var.directory}/${name}.json")) }

  # Patterns have any shape, which no typed variable can hold: they travel as JSON. Where a file is not even
  # whole enough for that it goes on as it is, and the typed variable says what is wrong with it.
  readable = {
    for name, file in local.files : name => try(merge(
      file,
      try({ rules = {
        for key, rule in file.rules : key => merge(rule, { pattern = jsonencode(rule.pattern) })
      } }, {}),
      try({ queues = {
        for key, queue in file.queues : key => merge(queue, { from = [
          for source in queue.from : merge(source, {
            filterPolicy = source.filterPolicy == null ? null : jsonencode(source.filterPolicy)
          })
        ] })
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

  # Every thing of every pipeline by kind, under the id "<pipeline>/<key>".
  declared = {
    for kind in ["buckets", "rules", "topics", "queues", "functions"] : kind => merge([
      for name, pipeline in local.pipelines : {
        for key, thing in pipeline[kind] : "${name}/${key}" => { pipeline = name, key = key, thing = thing }
      }
    ]...)
  }
}
