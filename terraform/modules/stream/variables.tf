variable "name" {
  description = "Name of the stream."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,128}$", var.name))
    error_message = "name must be 1-128 letters, digits, _, . and -."
  }
}

variable "shards" {
  description = "Shards, each for 1 MB or 1,000 records a second; null for on demand."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.shards, 1) >= 1 && coalesce(var.shards, 1) <= 10000
    error_message = "shards must be 1-10000, or null."
  }
}

variable "retention_hours" {
  description = "Hours for which records can be read."
  type        = number
  nullable    = false

  validation {
    condition     = var.retention_hours >= 24 && var.retention_hours <= 8760
    error_message = "retention_hours must be 24-8760."
  }
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
