/** https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */

/** Records in one PutRecords. */
export const MAX_RECORDS = 500;
/** Data and partition key of one record, in bytes; the default of a stream's MaxRecordSizeInKiB. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** Data and partition keys of one PutRecords, in bytes. */
export const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
/** Records and bytes of one GetRecords. */
export const MAX_READ_RECORDS = 10_000;
export const MAX_READ_BYTES = 10 * 1024 * 1024;
export const MIN_RETENTION_HOURS = 24;
export const MAX_RETENTION_HOURS = 8_760;
/** A shard iterator can be used for this long. */
export const ITERATOR_MS = 300_000;
/** Shards of a new on-demand stream. */
export const ON_DEMAND_SHARDS = 4;
/** Shards that one account may have, and its on-demand streams. */
export const SHARD_LIMIT = 500;
export const ON_DEMAND_STREAM_LIMIT = 50;
/** Most tags of a stream. */
export const MAX_TAGS = 50;
