resource "aws_api_gateway_model" "this" {
  for_each = { for id, route in local.routes : id => route if route.request_model != null }

  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = "${replace(title(replace(lower(each.key), "/[^a-z0-9]+/", " ")), " ", "")}${substr(sha1(each.key), 0, 6)}"
  description  = "Body of ${each.key}"
  content_type = "application/json"
  schema       = each.value.request_model
}

resource "aws_api_gateway_request_validator" "body" {
  count = length(aws_api_gateway_model.this) > 0 ? 1 : 0

  rest_api_id           = aws_api_gateway_rest_api.this.id
  name                  = "body"
  validate_request_body = true
}

resource "aws_api_gateway_method" "this" {
  for_each = local.routes

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = local.resources[each.value.path]
  http_method          = each.value.method
  authorization        = "NONE"
  api_key_required     = each.value.api_key_required
  request_validator_id = each.value.request_model == null ? null : aws_api_gateway_request_validator.body[0].id
  request_models       = each.value.request_model == null ? null : { "application/json" = aws_api_gateway_model.this[each.key].name }
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.routes

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = local.resources[each.value.path]
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = each.value.invoke_arn
}

resource "aws_lambda_permission" "this" {
  for_each = var.routes

  statement_id  = "InvokeFromApi"
  action        = "lambda:InvokeFunction"
  function_name = var.function_names[each.key]
  principal     = "apigateway.amazonaws.com"

  # This route of this stage, whatever stands for its path parameters.
  source_arn = "${aws_api_gateway_rest_api.this.execution_arn}/${var.stage}/${each.value.method}${replace(each.value.path, "/\\{[^}]+\\}/", "*")}"
}
