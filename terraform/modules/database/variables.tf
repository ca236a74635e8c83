variable "name" {
  description = "Identifier of the server."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,62}$", var.name)) && !endswith(var.name, "-") && !strcontains(var.name, "--")
    error_message = "name must be 1-63 lower-case letters, digits and single hyphens, starting with a letter."
  }
}

variable "database_name" {
  description = "Name of the database on the server."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database_name))
    error_message = "database_name must be 1-63 lower-case letters, digits and _, starting with a letter."
  }
}

variable "postgres_version" {
  description = "Major version of PostgreSQL; RDS installs minor ones by itself."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{2}$", var.postgres_version))
    error_message = "postgres_version must be a major version, such as 17."
  }
}

variable "instance_class" {
  description = "Size of the server, such as db.t4g.small."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "instance_class must start with db."
  }
}

variable "storage_gb" {
  description = "Storage at first, in GiB."
  type        = number
  nullable    = false

  validation {
    condition     = var.storage_gb >= 20 && var.storage_gb <= 65536
    error_message = "storage_gb must be 20-65536."
  }
}

variable "max_storage_gb" {
  description = "Storage up to which RDS grows it by itself, in GiB."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_storage_gb >= var.storage_gb && var.max_storage_gb <= 65536
    error_message = "max_storage_gb must be from storage_gb to 65536."
  }
}

variable "backup_retention_days" {
  description = "Days for which backups are kept; 0 for none."
  type        = number
  nullable    = false

  validation {
    condition     = var.backup_retention_days >= 0 && var.backup_retention_days <= 35
    error_message = "backup_retention_days must be 0-35."
  }
}

variable "multi_az" {
  description = "Keep a standby in the second zone, at twice the price."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the server, by anybody."
  type        = bool
  nullable    = false
}

variable "final_snapshot" {
  description = "Keep a snapshot when the server is deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "vpc_id" {
  description = "Network that it lies in."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Private subnets in at least two zones."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must be at least two, in different zones."
  }
}

variable "functions_security_group_id" {
  description = "Security group of the functions that may connect."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which the server's log is kept."
  type        = number
  nullable    = false
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
