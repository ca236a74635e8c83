output "name" {
  description = "Name of the bucket, once it exists."
  value       = aws_s3_bucket.this.id
}
