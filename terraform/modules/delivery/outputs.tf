output "name" {
  description = "Name of the delivery stream, once it exists."
  value       = aws_kinesis_firehose_delivery_stream.this.name
}
