/** What `edp replay-dlq` was asked for. */
export interface ReplayOptions {
  /** Pipelines whose dead-letter queues are replayed; empty for all that are deployed. */
  pipelines: string[];
  /** URL of one queue instead, deployed by edp or not. */
  queue: string | undefined;
  /** URL of the queue that everything goes to, instead of where it came from. */
  to: string | undefined;
  dryRun: boolean;
  max: number | undefined;
  /** Messages a second. */
  rate: number | undefined;
  /** JMESPath over the letter. */
  where: string | undefined;
  /** Ages or times, as `parseMoment` takes them. */
  older: string | undefined;
  newer: string | undefined;
  edit: string | undefined;
  exportFile: string | undefined;
  importFile: string | undefined;
  native: boolean;
  tryLocal: boolean;
  verify: boolean;
  /** Percent of the replayed messages that may die again. */
  maxFailures: number;
  maxReplays: number;
  /** How long the verification waits for what was replayed last. */
  timeoutSeconds: number;
}

/** What `edp replay-dlq` without flags asks for. */
export const REPLAY_DEFAULTS: ReplayOptions = {
  pipelines: [],
  queue: undefined,
  to: undefined,
  dryRun: false,
  max: undefined,
  rate: undefined,
  where: undefined,
  older: undefined,
  newer: undefined,
  edit: undefined,
  exportFile: undefined,
  importFile: undefined,
  native: false,
  tryLocal: false,
  verify: true,
  maxFailures: 20,
  maxReplays: 3,
  timeoutSeconds: 300,
};
