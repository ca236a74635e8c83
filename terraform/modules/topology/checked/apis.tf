# What the routes of an API demand of each other, and an API of its routes: src/topology/check-apis.ts.

locals {
  routes = [
    for one in local.api_triggers : merge(one, {
      parts = split("/", one.from.path)
      depth = length(compact(split("/", one.from.path)))
      # Letters, digits, ., _, - and :, or a variable: CreateResource, pathPart.
      good = can(regex("^(/|(/([A-Za-z0-9._:-]+|\\{[A-Za-z0-9._-]+\\}))+)$", one.from.path))
      # Those before it, in the order of their keys.
      others = [for other in local.api_triggers : other if other.pipeline == one.pipeline && other.from.api == one.from.api && other.order < one.order]
    })
  ]

  # With the first part that differs from a route before it.
  compared = [
    for one in local.routes : merge(one, {
      twins = [for other in one.others : other.key if other.from.method == one.from.method && other.from.path == one.from.path]
      siblings = [
        for other in one.others : other.from.path
        if length(flatten([
          for index, part in split("/", other.from.path) : [index]
          if part != try(one.parts[index], "") && slice(split("/", other.from.path), 0, index) == slice(one.parts, 0, min(index, length(one.parts))) && startswith(part, "{") && startswith(try(one.parts[index], ""), "{")
        ])) > 0
      ]
    }) if one.good && one.depth <= 4
  ]

  api_faults = concat(
    [
      for one in local.things.apis : "${one.at}: no function is a route of it"
      if !contains([for route in local.routes : route.from.api if route.pipeline == one.pipeline], one.key)
    ],
    [for one in local.routes : "${one.at}.from.api: there is no API ${one.from.api}" if !contains(keys(var.pipelines[one.pipeline].apis), one.from.api)],
    [for one in local.routes : "${one.at}.timeoutSeconds: must be at most 29: no API waits longer" if one.timeout > 29],
    [for one in local.routes : "${one.at}.from.path: must be parts such as /events or /events/{id}" if !one.good],
    # As deep as module api makes resources.
    [for one in local.routes : "${one.at}.from.path: has ${one.depth} parts, there is room for 4" if one.good && one.depth > 4],
    [for one in local.compared : "${one.at}.from.path: ${one.from.method} ${one.from.path} is the route of the function ${one.twins[0]} already" if length(one.twins) > 0],
    [for one in local.compared : "${one.at}.from.path: calls a part otherwise than ${one.siblings[0]} does" if length(one.twins) == 0 && length(one.siblings) > 0],
  )
}
