# What streams and deliveries demand of each other, of buckets, and of the expressions in prefixes:
# src/topology/check-deliveries.ts. https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html

locals {
  deliveries = [
    for one in local.things.deliveries : merge(one, {
      partitioned = length(one.thing.partitionKeys) > 0
      # What stands between the braces of each !{...}.
      expressions = {
        for field in ["prefix", "errorPrefix"] : field => distinct(flatten(regexall("!\\{([^}]*)\\}", one.thing.to[field])))
      }
    })
  ]

  partition_keys = flatten([for one in local.deliveries : [
    for key, path in one.thing.partitionKeys : {
      at   = "${one.at}.partitionKeys.${key}", key = key, path = path
      used = contains(one.expressions.prefix, "partitionKeyFromQuery:${key}")
    }
  ]])

  # Those that are no time and no random string, which both prefixes may have.
  expressions = flatten([for one in local.deliveries : [
    for field, expressions in one.expressions : [
      for expression in expressions : {
        at    = "${one.at}.to.${field}"
        text  = expression
        key   = field == "prefix" && startswith(expression, "partitionKeyFromQuery:")
        known = field == "errorPrefix" && expression == "firehose:error-output-type"
        named = contains(keys(one.thing.partitionKeys), trimprefix(expression, "partitionKeyFromQuery:"))
      } if !can(regex("^(timestamp:.+|firehose:random-string)$", expression))
    ]
  ]])

  delivery_faults = concat(
    [
      for one in local.things.streams : "${one.at}: no delivery takes its records: they would be lost"
      if !contains([for delivery in values(var.pipelines[one.pipeline].deliveries) : delivery.from.stream], one.key)
    ],
    [for one in local.deliveries : "${one.at}.from.stream: there is no stream ${one.thing.from.stream}" if !contains(keys(var.pipelines[one.pipeline].streams), one.thing.from.stream)],
    [for one in local.deliveries : "${one.at}.to.bucket: there is no bucket ${one.thing.to.bucket}" if !contains(keys(var.pipelines[one.pipeline].buckets), one.thing.to.bucket)],
    [for one in local.deliveries : "${one.at}.bufferMb: must be at least 64 with partition keys" if one.partitioned && one.thing.bufferMb < 64],
    [for one in local.deliveries : "${one.at}.bufferSeconds: must be at least 60 with partition keys" if one.partitioned && one.thing.bufferSeconds < 60],
    # The JQ that every reader understands alike: a path of plain names.
    [for one in local.partition_keys : "${one.at}: must be a path of names, such as .a.b" if !can(regex("^(\\.[A-Za-z_][A-Za-z0-9_]*)+$", one.path))],
    [for one in local.partition_keys : "${one.at}: is not used: prefix has no !{partitionKeyFromQuery:${one.key}}" if !one.used],
    [for one in local.expressions : "${one.at}: has !{${one.text}}, which Firehose doesn't know there" if !one.key && !one.known],
    [for one in local.expressions : "${one.at}: has !{${one.text}}, which is not in partitionKeys" if one.key && !one.named],
    flatten([for one in local.deliveries : [
      for field in ["prefix", "errorPrefix"] : "${one.at}.to.${field}: has !{ without the } that ends it"
      if strcontains(replace(one.thing.to[field], "/!\\{[^}]*\\}/", ""), "!{")
    ]]),
    [for one in local.deliveries : "${one.at}.to.errorPrefix: must have !{firehose:error-output-type}" if !contains(one.expressions.errorPrefix, "firehose:error-output-type")],
  )
}
