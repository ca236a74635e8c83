# Preflight requests of browsers, on every path, and the headers of errors. What the function answers carries
# headers of its own: it learns the origins from EDP_CORS_ALLOWED_ORIGINS.

locals {
  several = length(var.cors_allowed_origins) > 1

  # A gateway's own error holds nothing but its message, and its template can't choose between origins.
  error_headers = length(var.cors_allowed_origins) == 0 ? {} : {
    "Access-Control-Allow-Origin" = local.several ? "'*'" : "'${var.cors_allowed_origins[0]}'"
  }

  preflight = {
    for path in length(var.cors_allowed_origins) == 0 ? [] : local.paths : path => {
      "Access-Control-Allow-Origin"  = "'${var.cors_allowed_origins[0]}'"
      "Access-Control-Allow-Methods" = "'${join(",", sort(concat(["OPTIONS"], [for route in local.routes : route.method if route.path == path])))}'"
      "Access-Control-Allow-Headers" = "'Content-Type,Idempotency-Key,X-Api-Key'"
      "Access-Control-Max-Age"       = "'3600'"
    }
  }

  # Of several origins the one that asks is named, since a header takes one.
  choose_origin = <<-VTL
    #set($origin = $input.params().header.get("Origin"))
    #if(!$origin || $origin == "")#set($origin = $input.params().header.get("origin"))#end
    #foreach($allowed in ${jsonencode(var.cors_allowed_origins)})
    #if($origin == $allowed)#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end
    #end
  VTL
}

resource "aws_api_gateway_method" "preflight" {
  for_each = local.preflight

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = local.resources[each.key]
  http_method   = "OPTIONS"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "preflight" {
  for_each = local.preflight

  rest_api_id       = aws_api_gateway_rest_api.this.id
  resource_id       = local.resources[each.key]
  http_method       = aws_api_gateway_method.preflight[each.key].http_method
  type              = "MOCK"
  request_templates = { "application/json" = "{\"statusCode\":204}" }
}

resource "aws_api_gateway_method_response" "preflight" {
  for_each = local.preflight

  rest_api_id         = aws_api_gateway_rest_api.this.id
  resource_id         = local.resources[each.key]
  http_method         = aws_api_gateway_method.preflight[each.key].http_method
  status_code         = "204"
  response_parameters = { for header in keys(each.value) : "method.response.header.${header}" => true }
}

resource "aws_api_gateway_integration_response" "preflight" {
  for_each = local.preflight

  depends_on = [aws_api_gateway_integration.preflight]

  rest_api_id         = aws_api_gateway_rest_api.this.id
  resource_id         = local.resources[each.key]
  http_method         = aws_api_gateway_method.preflight[each.key].http_method
  status_code         = aws_api_gateway_method_response.preflight[each.key].status_code
  response_parameters = { for header, value in each.value : "method.response.header.${header}" => value }
  response_templates  = local.several ? { "application/json" = local.choose_origin } : {}
}
