output "id" {
  description = "Id of the API."
  value       = aws_api_gateway_rest_api.this.id
}

output "url" {
  description = "URL of its stage without a slash at the end, once the stage exists."
  value       = trimsuffix(aws_api_gateway_stage.this.invoke_url, "/")
}

output "api_key_id" {
  description = "Id of the API key, once the usage plan takes it."
  value       = aws_api_gateway_usage_plan_key.this.key_id
}
