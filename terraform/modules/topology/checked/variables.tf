variable "pipelines" {
  description = "Pipeline files by name; patterns, filter policies and request models as JSON. No field has a default; unknown fields are dropped."
  nullable    = false

  # What is optional here belongs to one of several outlines, of which trigger.tf and sources.tf demand one whole.
  type = map(object({
    name        = string
    description = string
    unit        = string

    buckets = map(object({
      versioned            = bool
      eventBridge          = bool
      expireNoncurrentDays = number
      uploadPrefix         = string
    }))

    rules = map(object({
      from    = object({ bucket = string })
      pattern = string
    }))

    topics = map(object({
      from  = object({ rule = string })
      email = bool
    }))

    queues = map(object({
      from = list(object({
        topic              = optional(string)
        rawMessageDelivery = optional(bool)
        filterPolicy       = optional(string)

        bucket = optional(string)
        prefix = optional(string)
        suffix = optional(string)
      }))
      fifo                     = bool
      visibilityTimeoutSeconds = number
      retentionSeconds         = number
      delaySeconds             = number
      receiveWaitSeconds       = number
      maxReceiveCount          = number
      dlqRetentionSeconds      = number
    }))

    tables = map(object({
      hashKey  = object({ name = string, type = string })
      rangeKey = object({ name = string, type = string })
      indexes = map(object({
        hashKey  = object({ name = string, type = string })
        rangeKey = object({ name = string, type = string })
      }))
      ttlAttribute        = string
      pointInTimeRecovery = bool
    }))

    databases = map(object({
      engine              = string
      version             = string
      instanceClass       = string
      storageGb           = number
      maxStorageGb        = number
      backupRetentionDays = number
    }))

    streams = map(object({
      shards         = number
      retentionHours = number
    }))

    deliveries = map(object({
      from          = object({ stream = string })
      to            = object({ bucket = string, prefix = string, errorPrefix = string })
      partitionKeys = map(string)
      bufferMb      = number
      bufferSeconds = number
      compression   = string
    }))

    functions = map(object({
      from = object({
        queue              = optional(string)
        batchSize          = optional(number)
        batchWindowSeconds = optional(number)
        maximumConcurrency = optional(number)

        api            = optional(string)
        method         = optional(string)
        path           = optional(string)
        apiKeyRequired = optional(bool)
        requestModel   = optional(string)
      })
      reads              = list(string)
      writes             = list(string)
      memoryMb           = number
      timeoutSeconds     = number
      ephemeralStorageMb = number
      environment        = map(string)
    }))

    apis = map(object({
      stage       = string
      rateLimit   = number
      burstLimit  = number
      quotaPerDay = number
    }))
  }))
}
