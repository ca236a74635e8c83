variable "name" {
  description = "Name of the function, and of its role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name must be 1-64 letters, digits, _ and -."
  }
}

variable "description" {
  description = "What the function is for."
  type        = string
  default     = null
}

variable "zip" {
  description = "Path of the bundle; it exports `handler` from index."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.zip)
    error_message = "There is no file ${var.zip}: build the functions first (npx edp build)."
  }
}

variable "memory_mb" {
  description = "Memory in MB."
  type        = number
  nullable    = false
}

variable "timeout_seconds" {
  description = "How long an invocation may take."
  type        = number
  nullable    = false
}

variable "environment" {
  description = "Environment variables."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "statements" {
  description = "What the function may do, one statement per edge."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
  }))
  nullable = false

  validation {
    condition     = alltrue([for statement in var.statements : !contains(statement.resources, "*")])
    error_message = "statements must name their resources."
  }
}

variable "kms_key_arn" {
  description = "Key of the topics that the function publishes to; null where it publishes to none, or to plain ones."
  type        = string
  default     = null
}

variable "queue_arn" {
  description = "Queue that feeds the function (its attribute: Lambda checks that it exists)."
  type        = string
  nullable    = false
}

variable "batch_size" {
  description = "Messages per invocation."
  type        = number
  nullable    = false
}

variable "batch_window_seconds" {
  description = "How long a batch is gathered; 0 for a FIFO queue."
  type        = number
  nullable    = false
}

variable "maximum_concurrency" {
  description = "Concurrent invocations, 2-1000."
  type        = number
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which the function's logs are kept."
  type        = number
  nullable    = false
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
