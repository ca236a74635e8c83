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

variable "image" {
  description = "Image that holds the same bundle and is run instead of the zip, with its tag; null for the zip."
  type        = string
  default     = null
}

variable "memory_mb" {
  description = "Memory in MB."
  type        = number
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "memory_mb must be 128-10240."
  }
}

variable "timeout_seconds" {
  description = "How long an invocation may take."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be 1-900."
  }
}

variable "ephemeral_storage_mb" {
  description = "Size of /tmp in MB; above 512 it costs extra."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.ephemeral_storage_mb >= 512 && var.ephemeral_storage_mb <= 10240
    error_message = "ephemeral_storage_mb must be 512-10240."
  }
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

variable "queue" {
  description = "Queue that feeds the function (its attribute: Lambda checks that it exists), messages per invocation, how long a batch is gathered (0 for a FIFO queue), concurrent invocations; null where something else invokes the function."
  type = object({
    arn                  = string
    batch_size           = number
    batch_window_seconds = number
    maximum_concurrency  = number
  })
  default = null

  validation {
    condition     = var.queue == null || try(var.queue.batch_size >= 1 && var.queue.batch_size <= 10000, false)
    error_message = "batch_size must be 1-10000."
  }

  validation {
    condition     = var.queue == null || try(var.queue.batch_window_seconds >= 0 && var.queue.batch_window_seconds <= 300, false)
    error_message = "batch_window_seconds must be 0-300."
  }

  validation {
    condition     = var.queue == null || try(var.queue.maximum_concurrency >= 2 && var.queue.maximum_concurrency <= 1000, false)
    error_message = "maximum_concurrency must be 2-1000."
  }
}

variable "network" {
  description = "Private network that the function joins; null for none."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
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
