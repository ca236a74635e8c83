output "url" {
  description = "Where its images are, without a tag, once Lambda may pull them."
  value       = aws_ecr_repository.this.repository_url

  # A function is refused whose image Lambda may not pull yet.
  depends_on = [aws_ecr_repository_policy.this]
}
