variable "name" {
  description = "Name of the queue."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.name))
    error_message = "name must be 1-80 letters, digits, _ and -."
  }
}

variable "arn" {
  description = "ARN of the queue, built from its name, for its policy."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.arn, "arn:")
    error_message = "arn must be an ARN."
  }
}

variable "rule_arns" {
  description = "ARNs of the event rules that may send to it, built from their names."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "topic_arns" {
  description = "ARNs of the topics that may send to it, built from their names."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
