variable "name" {
  description = "Name of the delivery stream; its role is called <name>-delivery."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,55}$", var.name))
    error_message = "name must be 1-55 letters, digits, _, . and -: a role's name has 64 characters."
  }
}

variable "account_id" {
  description = "Account of the delivery stream."
  type        = string
  nullable    = false
}

variable "stream_arn" {
  description = "Stream that is delivered (its attribute: Firehose checks that it exists)."
  type        = string
  nullable    = false
}

variable "stream_policy_arn" {
  description = "ARN of that stream, built from its name, for the role's policy."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.stream_policy_arn, "arn:")
    error_message = "stream_policy_arn must be an ARN."
  }
}

variable "bucket_arn" {
  description = "ARN of the bucket that it delivers to, built from its name."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.bucket_arn, "arn:")
    error_message = "bucket_arn must be an ARN."
  }
}

variable "log_group_arn" {
  description = "ARN of the log group /aws/kinesisfirehose/<name>, built from its name, for the role's policy."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.log_group_arn, "arn:")
    error_message = "log_group_arn must be an ARN."
  }
}

variable "prefix" {
  description = "Prefix of the objects' keys, with expressions of Firehose."
  type        = string
  nullable    = false
}

variable "error_prefix" {
  description = "Prefix of what could not be delivered or partitioned."
  type        = string
  nullable    = false

  validation {
    condition     = strcontains(var.error_prefix, "!{firehose:error-output-type}")
    error_message = "error_prefix must have !{firehose:error-output-type}, which tells one failure from another."
  }
}

variable "partition_keys" {
  description = "JQ path by the name that prefix uses; {} for no dynamic partitioning, which is on or off for good."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "buffer_mb" {
  description = "MB after which an object is written."
  type        = number
  nullable    = false

  validation {
    condition     = var.buffer_mb >= (length(var.partition_keys) > 0 ? 64 : 1) && var.buffer_mb <= 128
    error_message = "buffer_mb must be 1-128, with partition_keys at least 64."
  }
}

variable "buffer_seconds" {
  description = "Seconds after which an object is written."
  type        = number
  nullable    = false

  validation {
    condition     = var.buffer_seconds >= (length(var.partition_keys) > 0 ? 60 : 0) && var.buffer_seconds <= 900
    error_message = "buffer_seconds must be 0-900, with partition_keys at least 60."
  }
}

variable "compression" {
  description = "GZIP or UNCOMPRESSED."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["GZIP", "UNCOMPRESSED"], var.compression)
    error_message = "compression must be GZIP or UNCOMPRESSED."
  }
}

variable "log_retention_days" {
  description = "Days for which the log of failed deliveries is kept."
  type        = number
  nullable    = false
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
