import type { ReplayOptions } from "../../src/replay/options.ts";

/** Options of `edp replay-dlq` as its flags default, without verification. */
export function replayOptions(overrides: Partial<ReplayOptions> = {}): ReplayOptions {
  return {
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
    verify: false,
    maxFailures: 20,
    maxReplays: 3,
    timeoutSeconds: 10,
    ...overrides,
  };
}
