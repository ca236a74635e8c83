output "topic_arn" {
  description = "ARN of the topic that alarms publish to, once it exists."
  value       = aws_sns_topic.this.arn
}
