variable "name" {
  description = "First part of every name in the network."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region, for the names of the endpoints' services."
  type        = string
  nullable    = false
}

variable "cidr_block" {
  description = "Addresses of the network; choose another where it is peered with one that has the same."
  type        = string
  default     = "10.37.0.0/20"
  nullable    = false

  validation {
    condition     = can(cidrsubnet(var.cidr_block, 4, 1)) && try(tonumber(split("/", var.cidr_block)[1]), 0) >= 16 && try(tonumber(split("/", var.cidr_block)[1]), 99) <= 22
    error_message = "cidr_block must be an IPv4 block from /16 to /22, such as 10.37.0.0/20."
  }
}

variable "services" {
  description = "Services that the functions reach through interface endpoints, as in com.amazonaws.<region>.<service>."
  type        = set(string)
  nullable    = false
}

variable "multi_az" {
  description = "Put the endpoints into both zones."
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
