locals {
  faults = concat(
    local.outline_faults,
    local.shape_faults,
    local.name_faults,
    local.bucket_faults,
    local.rule_faults,
    local.topic_faults,
    local.queue_faults,
    local.notification_faults,
    local.table_faults,
    local.database_faults,
    local.delivery_faults,
    local.trigger_faults,
    local.api_faults,
    local.access_faults,
    local.setting_faults,
  )
}

output "pipelines" {
  description = "The pipelines as they were given, all of them sound."
  value       = var.pipelines

  # One list of every fault, as the parser gives it; a validation would stop at the variable's first.
  precondition {
    condition     = length(local.faults) == 0
    error_message = "${length(local.faults)} fault(s) in pipeline files:\n${join("\n", formatlist("  %s", local.faults))}"
  }
}
