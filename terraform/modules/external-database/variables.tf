variable "name" {
  description = "First part of the secret's name."
  type        = string
  nullable    = false
}

variable "url" {
  description = "postgresql://user:password@host:port/database; user and password percent-encoded."
  type        = string
  sensitive   = true
  nullable    = false

  validation {
    condition     = can(regex("^postgres(ql)?://[^:@/]+:[^@/]+@[^:/@?]+(:[0-9]+)?/[^/?]+([?].*)?$", var.url))
    error_message = "url must look like postgresql://user:password@host:5432/database, with user and password percent-encoded."
  }

  validation {
    condition     = alltrue([for escape in regexall("%..?", var.url) : can(regex("^%(2[13456BF]|3[ADF]|40|5[BD])$", upper(escape)))])
    error_message = "url may escape !#$%&+/:=?@[] only; write other characters as they are."
  }
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
