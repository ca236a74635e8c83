output "name" {
  description = "Name of the function, once it exists."
  value       = aws_lambda_function.this.function_name
}

output "log_group" {
  description = "Name of its log group, once it exists."
  value       = aws_cloudwatch_log_group.this.name
}
