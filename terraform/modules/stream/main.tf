resource "aws_kinesis_stream" "this" {
  name             = var.name
  shard_count      = var.shards
  retention_period = var.retention_hours

  # The key that Kinesis keeps for each account: who may write or read needs no permission of its own for it.
  # https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
  encryption_type = "KMS"
  kms_key_id      = "alias/aws/kinesis"

  stream_mode_details {
    stream_mode = var.shards == null ? "ON_DEMAND" : "PROVISIONED"
  }

  tags = var.tags
}
