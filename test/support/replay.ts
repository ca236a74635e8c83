import { REPLAY_DEFAULTS, type ReplayOptions } from "../../src/replay/options.ts";

/** Options of `edp replay-dlq` as its flags default, without verification. */
export function replayOptions(overrides: Partial<ReplayOptions> = {}): ReplayOptions {
  return { ...REPLAY_DEFAULTS, verify: false, timeoutSeconds: 10, ...overrides };
}
