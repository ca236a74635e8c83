variable "directory" {
  description = "Directory of the files <pipeline>.json."
  type        = string
  nullable    = false
}

variable "names" {
  description = "Pipelines to read."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in var.names : fileexists("${var.directory}/${name}.json")])
    error_message = "There is no file ${var.directory}/<pipeline>.json for: ${join(", ", [for name in var.names : name if !fileexists("${var.directory}/${name}.json")])}."
  }
}

variable "project" {
  description = "First part of every physical name."
  type        = string
  nullable    = false
}

variable "env" {
  description = "Second part of every physical name."
  type        = string
  nullable    = false

  validation {
    # What pipelines may call their things follows from it: modules/topology/checked/names.tf.
    condition     = length("${var.project}-${var.env}") <= 24
    error_message = "project and env make names that start with ${var.project}-${var.env}: ${length("${var.project}-${var.env}")} characters, at most 24 fit every service."
  }
}

variable "account_id" {
  description = "Account that the ARNs name; bucket names end with it, since they are unique in all of AWS."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be twelve digits."
  }
}

variable "region" {
  description = "Region that the ARNs name."
  type        = string
  nullable    = false
}

variable "partition" {
  description = "Partition that the ARNs name: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
  nullable    = false
}
