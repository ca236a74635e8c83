variable "topic_name" {
  description = "Name of the topic that alarms publish to."
  type        = string
  nullable    = false
}

variable "topic_arn" {
  description = "ARN of that topic, built from its name, for its policy."
  type        = string
  nullable    = false
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
