variable "name" {
  description = "Name of the queue; a FIFO queue's ends in .fifo."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", trimsuffix(var.name, ".fifo"))) && length(var.name) <= 80
    error_message = "name must be 1-80 letters, digits, _ and -."
  }

  validation {
    condition     = endswith(var.name, ".fifo") == var.fifo
    error_message = "name must end in .fifo where fifo is true, and only there."
  }
}

variable "arn" {
  description = "ARN of the queue, built from its name, for policies."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.arn, "arn:")
    error_message = "arn must be an ARN."
  }
}

variable "dlq_name" {
  description = "Name of the dead-letter queue."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.dlq_name) <= 80 && endswith(var.dlq_name, ".fifo") == var.fifo
    error_message = "dlq_name must have at most 80 characters and end in .fifo where fifo is true, and only there."
  }
}

variable "dlq_arn" {
  description = "ARN of the dead-letter queue, built from its name, for policies."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.dlq_arn, "arn:")
    error_message = "dlq_arn must be an ARN."
  }
}

variable "fifo" {
  description = "First in, first out, by message group."
  type        = bool
  nullable    = false
}

variable "visibility_timeout_seconds" {
  description = "How long a received message stays hidden."
  type        = number
  nullable    = false

  validation {
    condition     = var.visibility_timeout_seconds >= 0 && var.visibility_timeout_seconds <= 43200
    error_message = "visibility_timeout_seconds must be 0-43200."
  }
}

variable "retention_seconds" {
  description = "How long a message is kept."
  type        = number
  nullable    = false

  validation {
    condition     = var.retention_seconds >= 60 && var.retention_seconds <= 1209600
    error_message = "retention_seconds must be 60-1209600."
  }
}

variable "delay_seconds" {
  description = "How long a new message stays hidden."
  type        = number
  nullable    = false

  validation {
    condition     = var.delay_seconds >= 0 && var.delay_seconds <= 900
    error_message = "delay_seconds must be 0-900."
  }
}

variable "receive_wait_seconds" {
  description = "How long ReceiveMessage waits for a message."
  type        = number
  nullable    = false

  validation {
    condition     = var.receive_wait_seconds >= 0 && var.receive_wait_seconds <= 20
    error_message = "receive_wait_seconds must be 0-20."
  }
}

variable "max_receive_count" {
  description = "How often a message is received before it moves to the dead-letter queue."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_receive_count >= 1 && var.max_receive_count <= 1000
    error_message = "max_receive_count must be 1-1000."
  }
}

variable "dlq_retention_seconds" {
  description = "How long a dead letter is kept."
  type        = number
  nullable    = false

  validation {
    condition     = var.dlq_retention_seconds >= var.retention_seconds
    error_message = "dlq_retention_seconds must be at least retention_seconds: a dead letter keeps its age."
  }
}

variable "restrict_redrive" {
  description = "Let no other queue use this dead-letter queue. Off on emulators: moto drops the setting, and the provider would wait for it until it gives up."
  type        = bool
  default     = true
  nullable    = false
}

variable "topic_arns" {
  description = "ARNs of the topics that may send to the queue, built from their names, for its policy."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "bucket_arns" {
  description = "ARNs of the buckets that may send to the queue, built from their names, for its policy."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "account_id" {
  description = "Account of those buckets."
  type        = string
  default     = null

  validation {
    condition     = length(var.bucket_arns) == 0 || var.account_id != null
    error_message = "account_id must be given with bucket_arns: a bucket's ARN does not name its account."
  }
}

variable "subscriptions" {
  description = "Subscriptions of the queue by id: ARN of the topic (its attribute), raw delivery, filter policy as JSON."
  type = map(object({
    topic_arn            = string
    raw_message_delivery = bool
    filter_policy        = string
  }))
  default  = {}
  nullable = false
}

variable "undelivered_queue_arn" {
  description = "Queue for messages that SNS could not deliver to this one."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
