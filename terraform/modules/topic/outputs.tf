output "arn" {
  description = "ARN of the topic, once it exists."
  value       = aws_sns_topic.this.arn
}
