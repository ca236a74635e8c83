variable "project" {
  description = "First part of every physical name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.project))
    error_message = "project must be 1-20 lower-case letters, digits and -, starting with a letter."
  }
}

variable "env" {
  description = "Name of the environment, second part of every physical name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.env)) && var.env != "local"
    error_message = "env must be 1-20 lower-case letters, digits and -, starting with a letter, and not \"local\"."
  }
}

variable "region" {
  description = "AWS region to deploy to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region must be the code of an AWS region, such as eu-west-1."
  }
}

variable "account_id" {
  description = "Account that the credentials must belong to; null takes whichever it is."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be twelve digits."
  }
}

variable "pipeline_names" {
  description = "Pipelines that this environment consists of; what is left out is destroyed."
  type        = set(string)
  nullable    = false
}

variable "pipelines_directory" {
  description = "Directory of the files <pipeline>.json, relative to this module."
  type        = string
  default     = "pipelines"
  nullable    = false

  validation {
    condition     = !startswith(var.pipelines_directory, "/")
    error_message = "pipelines_directory must be relative: an absolute path would change plans when the directory moves."
  }
}

variable "functions_directory" {
  description = "Directory of the zips <pipeline>-<function>.zip, relative to this module."
  type        = string
  default     = "functions"
  nullable    = false

  validation {
    condition     = !startswith(var.functions_directory, "/")
    error_message = "functions_directory must be relative: an absolute path would change plans when the directory moves."
  }
}

variable "images" {
  description = "By function (<pipeline>/<function>), the tag of the image that it runs, in a repository of its own; a function that is not named here runs its zip."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for tag in values(var.images) : can(regex("^[0-9a-f]{64}$", tag))])
    error_message = "images must have SHA-256 hashes as tags."
  }
}

variable "existing_repositories" {
  description = "Functions of images whose repository exists. One that is not in the state yet is taken over."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "alert_email" {
  description = "Address that alarms are sent to, after it has confirmed the subscription; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "alert_email must be an e-mail address."
  }
}

variable "notify_emails" {
  description = "Addresses that get the messages of topics with email, after each has confirmed its subscription."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.notify_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "notify_emails must be e-mail addresses."
  }
}

variable "upload_principals" {
  description = "By bucket (<pipeline>/<bucket>), ARNs of accounts, users or roles that may put objects under its uploadPrefix, and nothing else."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for bucket in keys(var.upload_principals) : can(regex("^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$", bucket))])
    error_message = "upload_principals must name buckets as <pipeline>/<bucket>, such as partner/uploads."
  }
}

variable "cors_allowed_origins" {
  description = "Origins whose pages may call the APIs; [\"*\"] for all, [] for none."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "api_access_logs" {
  description = "Log every request to the APIs. Only where the account has its role for API Gateway's logs (GetAccount, cloudwatchRoleArn): it is the account's, not an environment's."
  type        = bool
  default     = false
  nullable    = false
}

variable "database_urls" {
  description = "Existing PostgreSQL servers by database (<pipeline>/<key>), as postgresql://user:password@host:5432/name, instead of RDS. Give it as TF_VAR_database_urls; functions reach them outside of any private network, over TLS."
  type        = map(string)
  default     = {}
  sensitive   = true
  nullable    = false

  validation {
    condition     = alltrue([for url in values(var.database_urls) : can(regex("^postgres(ql)?://[^:@/]+:[^@/]+@[^:/@?]+(:[0-9]+)?/[^/?]+([?].*)?$", url))])
    error_message = "database_urls must look like postgresql://user:password@host:5432/database, with user and password percent-encoded."
  }
}

variable "database_multi_az" {
  description = "Keep a standby of each database in a second zone, at twice the price."
  type        = bool
  default     = false
  nullable    = false
}

variable "database_final_snapshot" {
  description = "Keep a snapshot of a database when it is destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "network_cidr_block" {
  description = "Addresses of the private network that databases and their functions get; choose another to peer it."
  type        = string
  default     = "10.37.0.0/20"
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete tables and databases until this is false again."
  type        = bool
  default     = false
  nullable    = false
}

variable "endpoint_url" {
  description = "URL of an emulator that stands for every AWS service; null for AWS itself."
  type        = string
  default     = null

  validation {
    condition     = var.endpoint_url == null || can(regex("^https?://[^/]+/?$", var.endpoint_url))
    error_message = "endpoint_url must be a URL without a path, such as http://127.0.0.1:5000."
  }
}

variable "function_endpoint_url" {
  description = "URL of the emulator as its functions see it, where that differs from endpoint_url."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "Days for which the functions' logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    # PutRetentionPolicy takes these only.
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days,
    )
    error_message = "log_retention_days must be one of the periods that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, ..."
  }
}

variable "encrypt_topics" {
  description = "Encrypt topics with a KMS key of this environment (1 USD a month). SNS has no encryption without a key that EventBridge could publish through."
  type        = bool
  default     = true
  nullable    = false
}

variable "force_destroy" {
  description = "Let buckets be destroyed with what is in them. Only for a destroy that was confirmed."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Further tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.tags), ["project", "env", "pipeline", "managed-by"])) == 0
    error_message = "tags must not have the keys project, env, pipeline or managed-by: those are set already."
  }
}

variable "edp_version" {
  description = "Version of edp that deploys, kept in the outputs so that an older one can refuse."
  type        = string
  default     = null
}
