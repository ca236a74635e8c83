variable "alias" {
  description = "Name of the key, without alias/."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9/_-]{1,250}$", var.alias)) && !startswith(var.alias, "aws/")
    error_message = "alias must be letters, digits, /, _ and -, and not begin with aws/."
  }
}

variable "account_id" {
  description = "Account that administers the key."
  type        = string
  nullable    = false
}

variable "partition" {
  description = "Partition of the account."
  type        = string
  nullable    = false
}

variable "topic_arns" {
  description = "ARNs of the topics that EventBridge publishes to, built from their names."
  type        = list(string)
  nullable    = false
}

variable "alerts_topic_arn" {
  description = "ARN of the topic that alarms publish to, built from its name."
  type        = string
  nullable    = false
}

variable "alarm_arn_pattern" {
  description = "Pattern of the ARNs of those alarms."
  type        = string
  nullable    = false
}
