variable "name" {
  description = "Name of the repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", var.name)) && length(var.name) >= 2
    error_message = "name must be 2 or more lower-case letters and digits, with single ., _ and - between them."
  }
}

variable "function_arn" {
  description = "ARN of the function that runs its images, built from its name: for it alone Lambda may pull them."
  type        = string
  nullable    = false
}

variable "keep_images" {
  description = "Images that are kept, the last ones pushed."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.keep_images >= 2
    error_message = "keep_images must be 2 or more: while a function is updated it needs the old image and the new one."
  }
}

variable "tags" {
  description = "Tags besides the provider's default ones."
  type        = map(string)
  default     = {}
  nullable    = false
}
