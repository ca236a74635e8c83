locals {
  keys = concat([{ hash_key = var.hash_key, range_key = var.range_key }], values(var.indexes))

  # Only what is part of a key is declared, each name once.
  attributes = {
    for attribute in flatten([for key in local.keys : concat([key.hash_key], key.range_key[*])]) : attribute.name => attribute.type...
  }
}

# Without a setting of its own DynamoDB encrypts with a key that it owns, free of charge.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.hash_key.name
  range_key                   = try(var.range_key.name, null)
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = local.attributes

    content {
      name = attribute.key
      type = attribute.value[0]
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.indexes

    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash_key.name
      range_key       = try(global_secondary_index.value.range_key.name, null)
      projection_type = "ALL"
    }
  }

  dynamic "ttl" {
    for_each = var.ttl_attribute[*]

    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }

  tags = var.tags
}
