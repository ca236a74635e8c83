locals {
  # "POST /events" -> the route, so that a route keeps its address when another function takes it over.
  routes = { for route in values(var.routes) : "${route.method} ${route.path}" => route }

  # What was deployed is a copy: whatever is said here about the API has to make a new one.
  deployed = sha1(jsonencode([
    local.routes,
    var.cors_allowed_origins,
    [for file in ["main.tf", "paths.tf", "routes.tf", "cors.tf", "responses.tf"] : filesha1("${path.module}/${file}")],
  ]))
}

resource "aws_api_gateway_rest_api" "this" {
  name        = var.name
  description = var.description
  tags        = var.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_deployment" "this" {
  # Of what exists by then.
  depends_on = [
    aws_api_gateway_integration.this,
    aws_api_gateway_integration_response.preflight,
    aws_api_gateway_gateway_response.this,
  ]

  rest_api_id = aws_api_gateway_rest_api.this.id
  triggers    = { deployed = local.deployed }

  # The stage moves to the new one before the old one goes. Terraform then makes everything that this depends on in the
  # same order, and what has a name of its own would lose its replacement to the deletion: so nothing outside of this
  # module may be referred to by attribute from here.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "access" {
  count = var.access_logs ? 1 : 0

  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = var.stage
  xray_tracing_enabled = true
  tags                 = var.tags

  dynamic "access_log_settings" {
    for_each = aws_cloudwatch_log_group.access

    content {
      destination_arn = access_log_settings.value.arn
      format = jsonencode({
        time               = "$context.requestTime"
        requestId          = "$context.requestId"
        ip                 = "$context.identity.sourceIp"
        apiKeyId           = "$context.identity.apiKeyId"
        method             = "$context.httpMethod"
        path               = "$context.path"
        status             = "$context.status"
        error              = "$context.error.responseType"
        validationError    = "$context.error.validationErrorString"
        latency            = "$context.responseLatency"
        integrationLatency = "$context.integrationLatency"
        bytes              = "$context.responseLength"
      })
    }
  }
}

# For callers without a key, too, whom no usage plan knows.
resource "aws_api_gateway_method_settings" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = var.rate_limit
    throttling_burst_limit = var.burst_limit
  }
}

resource "aws_api_gateway_api_key" "this" {
  name        = var.name
  description = "Key of the usage plan ${var.name}"
  tags        = var.tags
}

resource "aws_api_gateway_usage_plan" "this" {
  name = var.name
  tags = var.tags

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  throttle_settings {
    rate_limit  = var.rate_limit
    burst_limit = var.burst_limit
  }

  dynamic "quota_settings" {
    for_each = var.quota_per_day[*]

    content {
      limit  = quota_settings.value
      period = "DAY"
    }
  }
}

resource "aws_api_gateway_usage_plan_key" "this" {
  key_id        = aws_api_gateway_api_key.this.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.this.id
}
