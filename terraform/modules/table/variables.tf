variable "name" {
  description = "Name of the table."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.name))
    error_message = "name must be 3-255 letters, digits, _, . and -."
  }
}

variable "hash_key" {
  description = "Partition key: name and type (S, N or B)."
  type        = object({ name = string, type = string })
  nullable    = false

  validation {
    condition     = contains(["S", "N", "B"], var.hash_key.type)
    error_message = "hash_key must be of type S, N or B."
  }
}

variable "range_key" {
  description = "Sort key, as hash_key; null for none."
  type        = object({ name = string, type = string })
  default     = null

  validation {
    condition     = contains(["S", "N", "B"], try(var.range_key.type, "S"))
    error_message = "range_key must be of type S, N or B."
  }
}

variable "indexes" {
  description = "Global secondary indexes by name, each with every attribute."
  type = map(object({
    hash_key  = object({ name = string, type = string })
    range_key = object({ name = string, type = string })
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.indexes) <= 20
    error_message = "A table has at most 20 indexes."
  }
}

variable "ttl_attribute" {
  description = "Attribute with the time in seconds since 1970 after which an item goes; null keeps items."
  type        = string
  default     = null
}

variable "point_in_time_recovery" {
  description = "Keep what it takes to restore any second of the last 35 days."
  type        = bool
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the table until this is false again."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
