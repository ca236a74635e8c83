output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "Private subnets, in two zones."
  value       = aws_subnet.private[*].id
}

output "functions_security_group_id" {
  description = "Security group of the functions that use a database."
  value       = aws_security_group.functions.id
}
