output "host" {
  description = "Host name of the server."
  value       = nonsensitive(local.parts.host)
}

output "port" {
  description = "Port of the server."
  value       = nonsensitive(tonumber(coalesce(local.parts.port, "5432")))
}

output "database_name" {
  description = "Name of the database on it."
  value       = nonsensitive(local.parts.name)
}

output "secret_arn" {
  description = "Secret with its user's name and password."
  value       = aws_secretsmanager_secret.this.arn

  # A function must not start before there is something to read.
  depends_on = [aws_secretsmanager_secret_version.this]
}
