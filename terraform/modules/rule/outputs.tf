output "name" {
  description = "Name of the rule, once it exists."
  value       = aws_cloudwatch_event_rule.this.name
}
