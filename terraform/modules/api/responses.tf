# What the gateway answers by itself.

locals {
  gateway_responses = merge(
    {
      BAD_REQUEST_BODY = {
        status   = "400"
        template = "{\"message\":$context.error.messageString,\"error\":\"$context.error.validationErrorString\"}"
      }
    },
    # A browser shows an error to the page only with these headers.
    length(var.cors_allowed_origins) == 0 ? {} : {
      DEFAULT_4XX = { status = null, template = "{\"message\":$context.error.messageString}" }
      DEFAULT_5XX = { status = null, template = "{\"message\":$context.error.messageString}" }
    },
  )
}

resource "aws_api_gateway_gateway_response" "this" {
  for_each = local.gateway_responses

  rest_api_id         = aws_api_gateway_rest_api.this.id
  response_type       = each.key
  status_code         = each.value.status
  response_templates  = { "application/json" = each.value.template }
  response_parameters = { for header, value in local.error_headers : "gatewayresponse.header.${header}" => value }
}
