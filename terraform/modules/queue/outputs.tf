output "url" {
  description = "URL of the queue, once it exists."
  value       = aws_sqs_queue.this.url
}

output "arn" {
  description = "ARN of the queue, once it exists."
  value       = aws_sqs_queue.this.arn
}

output "dlq_url" {
  description = "URL of the dead-letter queue, once it exists."
  value       = aws_sqs_queue.dlq.url
}
