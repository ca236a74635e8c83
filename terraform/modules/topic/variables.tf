variable "name" {
  description = "Name of the topic."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,256}$", var.name))
    error_message = "name must be 1-256 letters, digits, _ and -."
  }
}

variable "arn" {
  description = "ARN of the topic, built from its name, for its policy."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.arn, "arn:")
    error_message = "arn must be an ARN."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts messages at rest; null for none. Never alias/aws/sns: EventBridge can't publish through it."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]*:[^:]*:key/", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key, not an alias."
  }
}

variable "rule" {
  description = "Event rule whose target the topic is: its name, and its ARN built from that for the topic's policy; null where functions publish to the topic."
  type        = object({ name = string, arn = string })
  default     = null

  validation {
    condition     = var.rule == null || try(startswith(var.rule.arn, "arn:"), false)
    error_message = "rule.arn must be an ARN."
  }
}

variable "emails" {
  description = "Addresses that get its messages, after each has confirmed its subscription."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "undelivered_queue_arn" {
  description = "Queue for events that EventBridge could not deliver to the topic."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
