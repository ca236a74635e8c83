variable "topic_name" {
  description = "Name of the topic that alarms publish to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,256}$", var.topic_name))
    error_message = "topic_name must be 1-256 letters, digits, _ and -."
  }
}

variable "topic_arn" {
  description = "ARN of that topic, built from its name, for its policy."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.topic_arn, "arn:")
    error_message = "topic_arn must be an ARN."
  }
}

variable "alarm_arn_pattern" {
  description = "Pattern of the ARNs of the alarms that may publish to it."
  type        = string
  nullable    = false
}

variable "email" {
  description = "Address to subscribe; null for none."
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "Key that encrypts the topic; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]*:[^:]*:key/", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key, not an alias."
  }
}

variable "queues" {
  description = "Queues by id: name, name of the dead-letter queue, and the age of the oldest message that is too old."
  type = map(object({
    pipeline        = string
    name            = string
    dlq_name        = string
    max_age_seconds = number
  }))
  nullable = false
}

variable "undelivered" {
  description = "Names of the queues for undeliverable events, by pipeline."
  type        = map(string)
  nullable    = false
}

variable "functions" {
  description = "Functions by id."
  type = map(object({
    pipeline = string
    name     = string
  }))
  nullable = false
}

variable "apis" {
  description = "REST APIs by id, with their stage."
  type = map(object({
    pipeline = string
    name     = string
    stage    = string
  }))
  default  = {}
  nullable = false
}

variable "streams" {
  description = "Data streams by id."
  type = map(object({
    pipeline = string
    name     = string
  }))
  default  = {}
  nullable = false
}

variable "databases" {
  description = "Servers on RDS by id."
  type = map(object({
    pipeline = string
    name     = string
  }))
  default  = {}
  nullable = false
}

variable "deliveries" {
  description = "Delivery streams by id."
  type = map(object({
    pipeline = string
    name     = string
  }))
  default  = {}
  nullable = false
}

variable "max_delivery_seconds" {
  description = "Age of a record that is too old to be still in a stream: Firehose gives up after a day, and a stream forgets."
  type        = number
  default     = 900
  nullable    = false
}
