variable "name" {
  description = "Name of the dashboard."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of what it shows."
  type        = string
  nullable    = false
}

variable "pipelines" {
  description = "By pipeline: names of its queues, of its dead-letter queues (with that for undeliverable events), of its functions."
  type = map(object({
    queues    = list(string)
    dlqs      = list(string)
    functions = list(string)
  }))
  nullable = false
}
