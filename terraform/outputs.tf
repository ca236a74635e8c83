locals {
  # Address books from the things themselves, so that an address appears when its thing exists.
  books = {
    for name in var.pipeline_names : name => {
      buckets = {
        for id, bucket in module.topology.buckets : bucket.key => { name = module.bucket[id].name } if bucket.pipeline == name
      }
      topics = {
        for id, topic in module.topology.topics : topic.key => { arn = module.topic[id].arn } if topic.pipeline == name
      }
      queues = {
        for id, queue in module.topology.queues : queue.key => { url = module.queue[id].url, dlqUrl = module.queue[id].dlq_url } if queue.pipeline == name
      }
      functions = {
        for id, function in module.topology.functions : function.key => { name = module.function[id].name, logGroup = module.function[id].log_group } if function.pipeline == name
      }
      tables = {
        for id, table in module.topology.tables : table.key => { name = module.table[id].name } if table.pipeline == name
      }
      databases = {
        for id, database in module.topology.databases : database.key => {
          host      = local.databases[id].host
          port      = local.databases[id].port
          name      = local.databases[id].database_name
          secretArn = local.databases[id].secret_arn
        } if database.pipeline == name
      }
      streams = {
        for id, stream in module.topology.streams : stream.key => { name = module.stream[id].name } if stream.pipeline == name
      }
      deliveries = {
        for id, delivery in module.topology.deliveries : delivery.key => { name = module.delivery[id].name } if delivery.pipeline == name
      }
      apis = {
        for id, api in module.topology.apis : api.key => { url = local.api_urls[id], apiKeyId = module.api[id].api_key_id } if api.pipeline == name
      }
      undelivered = { url = module.undelivered[name].url }
    }
  }

  # An emulator has no host of its own for each API.
  api_urls = {
    for id, api in module.api : id => local.emulated ? "${trimsuffix(var.endpoint_url, "/")}/restapis/${api.id}/${module.topology.apis[id].stage}/_user_request_" : api.url
  }
}

output "pipelines" {
  description = "Address book of each pipeline: AddressBook in src/topology/deployment.ts."
  value       = local.books

  # Of pipelines that are not deployed here nothing is known.
  precondition {
    condition     = length(local.without_upload_prefix) == 0
    error_message = "upload_principals has principals for ${join(", ", local.without_upload_prefix)}: only buckets with an uploadPrefix take uploads."
  }
}

locals {
  without_upload_prefix = [
    for bucket in keys(var.upload_principals) : bucket
    if contains(var.pipeline_names, split("/", bucket)[0]) && try(module.topology.buckets[bucket].upload_prefix, null) == null
  ]
}

output "deployed_pipelines" {
  description = "Names of the pipelines that this environment consists of."
  value       = sort(var.pipeline_names)
}

output "account_id" {
  description = "Account that was deployed to."
  value       = local.account_id
}

output "region" {
  description = "Region that was deployed to."
  value       = var.region
}

output "edp_version" {
  description = "Version of edp that deployed."
  value       = var.edp_version
}

output "alerts_topic_arn" {
  description = "Topic that alarms publish to."
  value       = module.alarms.topic_arn
}

locals {
  console_host = lookup({
    aws        = "console.aws.amazon.com"
    aws-cn     = "console.amazonaws.cn"
    aws-us-gov = "console.amazonaws-us-gov.com"
  }, local.partition, "console.aws.amazon.com")

  console = "https://${var.region}.${local.console_host}"
  query   = "home?region=${var.region}"
}

output "console_links" {
  description = "Pages of the AWS console: the dashboard, the alarms, and each pipeline's things as <pipeline>/<kind>/<key>. Empty on an emulator, which has none."
  value = local.emulated ? {} : merge(
    { for dashboard in module.dashboard : "dashboard" => "${local.console}/cloudwatch/${local.query}#dashboards/dashboard/${dashboard.name}" },
    { alarms = "${local.console}/cloudwatch/${local.query}#alarmsV2:?search=${local.prefix}-" },
    merge([
      for name, book in local.books : merge(
        { for key, bucket in book.buckets : "${name}/buckets/${key}" => "https://${local.console_host}/s3/buckets/${bucket.name}?region=${var.region}" },
        { for key, queue in book.queues : "${name}/queues/${key}" => "${local.console}/sqs/v3/${local.query}#/queues/${urlencode(queue.url)}" },
        { for key, table in book.tables : "${name}/tables/${key}" => "${local.console}/dynamodbv2/${local.query}#table?name=${table.name}" },
        { for key, stream in book.streams : "${name}/streams/${key}" => "${local.console}/kinesis/${local.query}#/streams/details/${stream.name}/monitoring" },
        { for key, delivery in book.deliveries : "${name}/deliveries/${key}" => "${local.console}/firehose/${local.query}#/details/${delivery.name}/monitoring" },
        { for key in keys(book.apis) : "${name}/apis/${key}" => "${local.console}/apigateway/main/apis/${module.api["${name}/${key}"].id}/resources?api=${module.api["${name}/${key}"].id}&region=${var.region}" },
        { for key, function in book.functions : "${name}/functions/${key}" => "${local.console}/lambda/${local.query}#/functions/${function.name}" },
      )
    ]...),
  )
}
