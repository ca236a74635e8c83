variable "name" {
  description = "Name of the API, of its key and of its usage plan."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.name))
    error_message = "name must be 1-128 letters, digits, _ and -."
  }
}

variable "description" {
  description = "What the API is for."
  type        = string
  default     = null
}

variable "stage" {
  description = "Name of its one stage, first part of every path."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.stage))
    error_message = "stage must be 1-128 letters, digits, _ and -."
  }
}

variable "routes" {
  description = "Routes by id: method, path, whether a key is demanded, JSON schema (draft 4) of the body or null, and the ARN by which API Gateway invokes the function that answers. It is built from the function's name: see main.tf."
  type = map(object({
    method           = string
    path             = string
    api_key_required = bool
    request_model    = string
    invoke_arn       = string
  }))
  nullable = false

  validation {
    condition     = length(var.routes) > 0
    error_message = "routes must not be empty: API Gateway deploys no API without methods."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : can(regex("^/", route.path)) && length(compact(split("/", route.path))) <= 4])
    error_message = "Paths must begin with / and have at most 4 segments."
  }
}

variable "function_names" {
  description = "Function of each route by the route's id (its attribute: Lambda checks that it exists)."
  type        = map(string)
  nullable    = false
}

variable "rate_limit" {
  description = "Requests a second, for the stage and for the key."
  type        = number
  nullable    = false

  validation {
    condition     = var.rate_limit > 0
    error_message = "rate_limit must be more than 0."
  }
}

variable "burst_limit" {
  description = "Requests at once, for the stage and for the key."
  type        = number
  nullable    = false

  validation {
    condition     = var.burst_limit >= 1
    error_message = "burst_limit must be at least 1."
  }
}

variable "quota_per_day" {
  description = "Requests a day with the key; null for no quota."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.quota_per_day, 1) >= 1
    error_message = "quota_per_day must be at least 1, or null."
  }
}

variable "cors_allowed_origins" {
  description = "Origins whose pages may call the API; [\"*\"] for all, [] for none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_allowed_origins : can(regex("^https?://[^/'\"\\s]+$", origin))]) || var.cors_allowed_origins == tolist(["*"])
    error_message = "cors_allowed_origins must be origins such as https://shop.example.com, without a path, or [\"*\"] alone."
  }
}

variable "access_logs" {
  description = "Log every request. Needs the account's role for API Gateway's logs."
  type        = bool
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which the access log is kept."
  type        = number
  nullable    = false
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
