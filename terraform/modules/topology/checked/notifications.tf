# What S3 demands of the notifications of a bucket, and who must not write to it: src/topology/check-notifications.ts.

locals {
  heard = [
    for one in local.bucket_sources : merge(one, {
      exists = contains(keys(var.pipelines[one.pipeline].buckets), one.source.bucket)

      # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
      overlapping = [
        for other in local.bucket_sources : other.queue
        if other.pipeline == one.pipeline && other.source.bucket == one.source.bucket && other.order < one.order
        && (startswith(one.source.prefix, other.source.prefix) || startswith(other.source.prefix, one.source.prefix))
        && (endswith(one.source.suffix, other.source.suffix) || endswith(other.source.suffix, one.source.suffix))
      ]
    })
  ]

  # What functions write to buckets all of whose objects come to them.
  loops = flatten([for one in local.queue_triggers : [
    for index, written in var.pipelines[one.pipeline].functions[one.key].writes : {
      at = "${one.at}.writes[${index}]", written = written, queue = one.from.queue
      } if length([
        for source in local.bucket_sources : source
        if source.pipeline == one.pipeline && source.queue == one.from.queue && source.source.bucket == written && source.source.prefix == "" && source.source.suffix == ""
    ]) > 0
  ]])

  notification_faults = concat(
    [for one in local.heard : "${one.at}.bucket: there is no bucket ${one.source.bucket}" if !one.exists],
    [for one in local.heard : "${one.at}: overlaps with what the queue ${one.overlapping[0]} hears of ${one.source.bucket}: S3 tells one only" if one.exists && length(one.overlapping) > 0],
    [for one in local.loops : "${one.at}: what it writes to ${one.written} would come back to it: give the source in ${one.queue} a prefix"],
  )
}
