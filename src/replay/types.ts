import type { Clients } from "../aws/clients.ts";
import type { Context } from "../context.ts";
import type { CauseGroup } from "../dead-letters/groups.ts";
import type { Letter } from "../dead-letters/letter.ts";
import type { Deployment } from "../topology/deployment.ts";
import type { Pace } from "./verify/pace.ts";

/** Where a dead letter goes back. */
export type Destination =
  | { kind: "queue"; url: string; arn: string; fifo: boolean }
  | { kind: "topic"; arn: string }
  | { kind: "function"; name: string }
  | { kind: "bus"; arn: string };

/** A dead letter that its destination has taken. */
export interface ReplayedMessage {
  /** As it lay in the dead-letter queue, before `--edit`. */
  letter: Letter;
  /** Id that SQS or SNS gave the new message, the request id of an asynchronous invocation; null where unknown. */
  newMessageId: string | null;
  destination: Destination;
  /** ISO 8601 in UTC. */
  sentAt: string;
  /** How often it has been replayed, this time included. */
  replayCount: number;
  /** URL of the dead-letter queue it came from; null for one that was imported from a file. */
  deadLetterQueue: string | null;
}

/** A dead-letter queue, and where its messages come from by plain redrive. */
export interface ReplaySource {
  /** Pipeline it belongs to; null for `--queue`. */
  pipeline: string | null;
  url: string;
  arn: string;
  name: string;
  fifo: boolean;
  /** KMS key it is encrypted with; null for SSE-SQS. */
  kmsKeyId: string | null;
  /** Queues whose redrive policy names it (ListDeadLetterSourceQueues). */
  sources: { url: string; arn: string; fifo: boolean }[];
  /** ARN that its own redrive policy names; a dead-letter queue rarely has one. */
  redrivesTo: string | null;
  depth: { visible: number; inFlight: number; delayed: number };
}

/** What a replay is about: the environment, or for `--queue` only the place of that queue. */
export interface ReplayPlace {
  env: string;
  endpoint: string | null;
  region: string;
  /** The deployed environment; null for `--queue`, which needs none. */
  deployment: Deployment | null;
}

/** What the verification of a running replay gets. */
export interface VerifyOptions {
  context: Context;
  place: ReplayPlace;
  clients: Clients;
  sources: readonly ReplaySource[];
  /** Percent of the replayed messages that may die again; above it `stop` is called. */
  maxFailures: number;
  /**
   * Shared with the running replay, which calls `await pace.take(n)` before it sends `n` messages: a few go first,
   * and the more of them end well, the more follow. Else all would be sent before the first could fail.
   */
  pace: Pace;
  /** Milliseconds to wait for what was replayed last. */
  timeoutMs: number;
  /**
   * Replayed letters that the running replay has met in the dead-letter queue again. The replay holds what it has
   * passed over, so nobody else should look into that queue before the replayed messages have ended.
   */
  returned: AsyncIterable<Letter>;
  /** Ends the replay early: nothing more is sent, the rest stays in its dead-letter queue. */
  stop(reason: string): void;
}

/** What became of the replayed messages. */
export interface Verification {
  /** An output, a claim or the handler's log says so. */
  processed: number;
  /** Ended for good with a durable reason, e.g. a newer version took its place. */
  rejected: number;
  deadAgain: number;
  unconfirmed: number;
  /** Why the replay was ended early; null when it wasn't. */
  stopped: string | null;
  /** Some of those that died again, with the reason. */
  examples: { messageId: string; reason: string | null }[];
}

/** What `--try-local` gets. */
export interface TryOptions {
  context: Context;
  place: ReplayPlace;
  clients: Clients;
  /** Pipelines whose functions may be tried; empty for all. */
  pipelines: readonly string[];
}

/** The outcome of one letter's trial. */
export interface Trial {
  letter: Letter;
  passed: boolean;
  reason: string | null;
}

/** Why letters were passed over. */
export const SKIPS = {
  filter: "not selected by --where, --older or --newer",
  edit: "left out by --edit",
  trial: "failed --try-local",
  replayed: "already replayed --max-replays times",
  returned: "came back while this replay ran",
} as const;
export type Skip = keyof typeof SKIPS;

/** What a replay would do, from a look that takes nothing. */
export interface Preview {
  /** Letters that were looked at, and those of them that would be sent. */
  looked: number;
  selected: number;
  /** There is more than the look has seen: it ended before the queue did, or that is FIFO. */
  partial: boolean;
  groups: CauseGroup[];
  destinations: { destination: string; count: number }[];
  /** Letters that could not be sent, by reason. */
  failures: FailureGroup[];
  /** What `--edit` changes, for some. */
  edits: { messageId: string; diff: string }[];
}

/** A reason for which letters were not replayed, with how often and one example. */
export interface FailureGroup {
  code: string;
  message: string;
  count: number;
  messageId: string;
}

/** The tally of one dead-letter queue: `found = replayed + alreadySent + failed + skipped`. */
export interface QueueTally {
  /** URL; the file's name for `--import`. */
  queue: string;
  /** Letters that were received, each message id once. */
  found: number;
  /** Taken by their destination. */
  replayed: number;
  /** Sent by an earlier replay that was killed before it deleted them: only deleted now. */
  alreadySent: number;
  failed: number;
  skipped: number;
  /** Sent, but the deletion failed: the next replay deletes them without sending. */
  undeleted: number;
  /** Visible in the dead-letter queue when the replay had ended; null for `--import`. */
  left: number | null;
  /** In flight with other consumers then, as far as SQS says. */
  elsewhere: number;
}

export interface ReplayResult extends Omit<QueueTally, "queue"> {
  env: string;
  dryRun: boolean;
  /** Id of this replay; its ledger is `.edp/<env>/replays/<id>.ndjson`. Null where nothing was sent. */
  replayId: string | null;
  ledger: string | null;
  queues: QueueTally[];
  /** By reason. */
  skippedBecause: Partial<Record<Skip, number>>;
  failures: FailureGroup[];
  /** How many a killed replay was just sending: each of these may have arrived twice. */
  maybeDoubled: number;
  /** What a look through the queues has shown; null where none was needed. */
  preview: Preview | null;
  /** File that `--export` has written. */
  exported: string | null;
  exportedCount: number;
  /** Letters that `--try-local` failed; null without it. */
  trials: { messageId: string; reason: string | null }[] | null;
  /** Null with --no-verify, --dry-run, --export and --native. */
  verified: Verification | null;
  seconds: number;
}
