variable "pipelines" {
  description = "Pipeline files by name, patterns and filter policies as JSON. No field has a default; unknown fields are dropped."
  nullable    = false

  type = map(object({
    name        = string
    description = string
    unit        = string

    buckets = map(object({
      versioned            = bool
      eventBridge          = bool
      expireNoncurrentDays = number
    }))

    rules = map(object({
      from    = object({ bucket = string })
      pattern = string
    }))

    topics = map(object({
      from = object({ rule = string })
    }))

    queues = map(object({
      from = list(object({
        topic              = string
        rawMessageDelivery = bool
        filterPolicy       = string
      }))
      fifo                     = bool
      visibilityTimeoutSeconds = number
      retentionSeconds         = number
      delaySeconds             = number
      receiveWaitSeconds       = number
      maxReceiveCount          = number
      dlqRetentionSeconds      = number
    }))

    functions = map(object({
      from = object({
        queue              = string
        batchSize          = number
        batchWindowSeconds = number
        maximumConcurrency = number
      })
      reads          = list(string)
      writes         = list(string)
      memoryMb       = number
      timeoutSeconds = number
      environment    = map(string)
    }))
  }))
}
