variable "name" {
  description = "Name of the dashboard."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.name))
    error_message = "name must be 1-255 letters, digits, _ and -."
  }
}

variable "region" {
  description = "Region of what it shows."
  type        = string
  nullable    = false
}

variable "pipelines" {
  description = "By pipeline: names of its queues, of its dead-letter queues (with that for undeliverable events), of its functions, APIs, data streams and delivery streams."
  type = map(object({
    queues     = list(string)
    dlqs       = list(string)
    functions  = list(string)
    apis       = optional(list(string), [])
    streams    = optional(list(string), [])
    deliveries = optional(list(string), [])
  }))
  nullable = false

  validation {
    condition     = length(var.pipelines) > 0
    error_message = "pipelines must not be empty: a dashboard shows something."
  }
}
