import { EXIT, type ExitCode } from "../errors.ts";
import type { ReplayResult } from "./types.ts";

/** A result in which nothing has happened. */
export function emptyResult(env: string): ReplayResult {
  return {
    env,
    dryRun: false,
    replayId: null,
    ledger: null,
    found: 0,
    replayed: 0,
    alreadySent: 0,
    failed: 0,
    skipped: 0,
    undeleted: 0,
    left: null,
    elsewhere: 0,
    queues: [],
    skippedBecause: {},
    failures: [],
    trials: null,
    maybeDoubled: 0,
    preview: null,
    exported: null,
    exportedCount: 0,
    verified: null,
    seconds: 0,
  };
}

/** 6 where letters that were to be replayed were not, 8 where replayed ones died again; 6 wins. */
export function replayExitCode({
  failed,
  undeleted,
  skippedBecause,
  verified,
  dryRun,
}: ReplayResult): ExitCode {
  if (dryRun) return EXIT.done;
  const { replayed = 0, trial = 0 } = skippedBecause;
  if (failed + undeleted + replayed + trial > 0) return EXIT.partlyDone;
  if (verified && (verified.deadAgain > 0 || verified.stopped !== null)) return EXIT.checkFailed;
  return EXIT.done;
}
