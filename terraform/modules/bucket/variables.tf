variable "name" {
  description = "Name of the bucket, unique in all of AWS."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must be 3-63 lower-case letters, digits and -."
  }
}

variable "arn" {
  description = "ARN of the bucket, built from its name, for its policy."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.arn, "arn:")
    error_message = "arn must be an ARN."
  }
}

variable "versioned" {
  description = "Keep replaced and deleted versions of objects."
  type        = bool
  nullable    = false
}

variable "event_bridge" {
  description = "Send object events to EventBridge."
  type        = bool
  nullable    = false
}

variable "expire_noncurrent_days" {
  description = "Days after which a replaced version is deleted; null keeps it."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.expire_noncurrent_days, 1) >= 1 && (var.expire_noncurrent_days == null || var.versioned)
    error_message = "expire_noncurrent_days must be at least 1, and null in a bucket without versions."
  }
}

variable "notifications" {
  description = "Queues that hear of each new object from S3 itself (their attribute: S3 checks that it may send there), with the keys' prefix and suffix, \"\" for all."
  type = list(object({
    queue_arn = string
    prefix    = string
    suffix    = string
  }))
  default  = []
  nullable = false
}

variable "upload_prefix" {
  description = "Prefix under which upload_principals may put objects; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.upload_prefix == null || can(regex("^[^*?]+$", var.upload_prefix))
    error_message = "upload_prefix must be a prefix without * and ?, which policies take for patterns."
  }
}

variable "upload_principals" {
  description = "ARNs of users, roles or accounts that may put objects under upload_prefix, and nothing else."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.upload_principals : can(regex("^arn:[^:]+:iam::[0-9]{12}:(root|user/.+|role/.+)$", arn))])
    error_message = "upload_principals must be ARNs of accounts (...:root), users or roles."
  }

  validation {
    condition     = length(var.upload_principals) == 0 || var.upload_prefix != null
    error_message = "upload_principals need an upload_prefix."
  }
}

variable "tls_only" {
  description = "Deny requests without TLS. False only for an emulator that is reached by http."
  type        = bool
  default     = true
  nullable    = false
}

variable "force_destroy" {
  description = "Destroy the bucket with what is in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
