// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html

/** Largest item, names included, in bytes (400 KB). */
export const MAX_ITEM_BYTES = 400 * 1024;
/** Largest value of a partition key, in bytes. */
export const MAX_HASH_KEY_BYTES = 2048;
/** Largest value of a sort key, in bytes. */
export const MAX_RANGE_KEY_BYTES = 1024;
/** Levels of maps and lists in an attribute. */
export const MAX_NESTING = 32;
/** Longest expression, in bytes. */
export const MAX_EXPRESSION_BYTES = 4096;
/** Operators and functions in one expression. */
export const MAX_OPERATORS = 300;
/** A page of Query and Scan ends when it has read this many bytes. */
export const PAGE_BYTES = 1024 * 1024;
export const MAX_BATCH_GETS = 100;
export const MAX_BATCH_WRITES = 25;
/** Bytes in the answer of one BatchGetItem (16 MB). */
export const MAX_BATCH_GET_BYTES = 16 * 1024 * 1024;
export const MAX_TRANSACTION_ITEMS = 100;
/** Bytes of all items of one transaction (4 MB). */
export const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
/** How long a client request token of TransactWriteItems is remembered, in milliseconds. */
export const TOKEN_LIFE_MS = 10 * 60 * 1000;
export const MAX_GLOBAL_INDEXES = 20;
export const MAX_LOCAL_INDEXES = 5;
