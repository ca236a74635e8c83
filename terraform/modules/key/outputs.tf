output "arn" {
  description = "ARN of the key, once it exists."
  value       = aws_kms_key.this.arn
}
