# A path's segments are resources, each the child of the one before it. A resource can't be its own parent in
# Terraform, so each depth is one.

locals {
  paths = distinct([for route in local.routes : route.path])

  # /a/b/c -> [/a, /a/b, /a/b/c] by depth.
  depths = [
    for depth in [1, 2, 3, 4] : toset([
      for path in local.paths : "/${join("/", slice(compact(split("/", path)), 0, depth))}"
      if length(compact(split("/", path))) >= depth
    ])
  ]

  resources = merge(
    { "/" = aws_api_gateway_rest_api.this.root_resource_id },
    { for path, resource in aws_api_gateway_resource.first : path => resource.id },
    { for path, resource in aws_api_gateway_resource.second : path => resource.id },
    { for path, resource in aws_api_gateway_resource.third : path => resource.id },
    { for path, resource in aws_api_gateway_resource.fourth : path => resource.id },
  )
}

resource "aws_api_gateway_resource" "first" {
  for_each = local.depths[0]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = basename(each.value)
}

resource "aws_api_gateway_resource" "second" {
  for_each = local.depths[1]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.first[dirname(each.value)].id
  path_part   = basename(each.value)
}

resource "aws_api_gateway_resource" "third" {
  for_each = local.depths[2]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.second[dirname(each.value)].id
  path_part   = basename(each.value)
}

resource "aws_api_gateway_resource" "fourth" {
  for_each = local.depths[3]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.third[dirname(each.value)].id
  path_part   = basename(each.value)
}
