output "host" {
  description = "Host name of the server."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the server."
  value       = aws_db_instance.this.port
}

output "database_name" {
  description = "Name of the database on it."
  value       = aws_db_instance.this.db_name
}

output "secret_arn" {
  description = "Secret with its user's name and password."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
