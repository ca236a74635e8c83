output "name" {
  description = "Name of the dashboard, once it exists."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
