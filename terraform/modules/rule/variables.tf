variable "name" {
  description = "Name of the rule on the account's default bus."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,64}$", var.name))
    error_message = "name must be 1-64 letters, digits, ., _ and -."
  }
}

variable "description" {
  description = "What the rule is for."
  type        = string
  default     = null
}

variable "pattern" {
  description = "Event pattern as JSON."
  type        = string
  nullable    = false

  validation {
    condition     = can(keys(jsondecode(var.pattern)))
    error_message = "pattern must be a JSON object."
  }
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
