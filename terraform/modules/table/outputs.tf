output "name" {
  description = "Name of the table, once it exists."
  value       = aws_dynamodb_table.this.name
}
