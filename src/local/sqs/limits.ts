/** Quotas of Amazon SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */

/** Bytes of one message with its attributes, and of one batch. */
export const MAXIMUM_MESSAGE_BYTES = 1_048_576;
export const MINIMUM_MESSAGE_SIZE_ATTRIBUTE = 1_024;
/** Entries of a batch, and messages of one ReceiveMessage. */
export const BATCH_ENTRIES = 10;
export const MAXIMUM_DELAY_SECONDS = 900;
export const MAXIMUM_VISIBILITY_SECONDS = 43_200;
export const MAXIMUM_WAIT_SECONDS = 20;
export const MINIMUM_RETENTION_SECONDS = 60;
export const MAXIMUM_RETENTION_SECONDS = 1_209_600;
export const MESSAGE_ATTRIBUTES = 10;
/** Messages in flight on one queue, standard or FIFO. */
export const IN_FLIGHT_MESSAGES = 120_000;
/** How long a FIFO queue remembers a deduplication id. */
export const DEDUPLICATION_MS = 300_000;
/** PurgeQueue is allowed once in this time. */
export const PURGE_INTERVAL_MS = 60_000;
export const TAGS = 50;
