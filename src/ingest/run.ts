import { EdpError } from "../errors.ts";
import { landingObject } from "./landing-object.ts";
import type { Manifest } from "./manifest.ts";
import { preferFull } from "./prefer-full.ts";
import { type Sink, SinkUnreachableError } from "./sink.ts";
import type { RejectedInput, Source, SourceEntity, Stop } from "./source.ts";

/** Reasons kept in the result; all are counted. */
const MAX_REASONS = 1_000;

export interface IngestParts {
  source: Source;
  sink: Sink;
  /** Null for a dry run, which stores nothing. */
  manifest: Manifest | null;
  /** Objects stored at once. */
  concurrency: number;
  signal: AbortSignal;
  /** Turns an error that every further object would meet, too, into the one to end the run with. */
  fatal?(error: unknown): EdpError | undefined;
  onProgress(counts: IngestCounts): void;
}

/** What became of everything the source had. */
export interface IngestCounts {
  /** Stored by this run; in a dry run, what would be. */
  accepted: number;
  /** Left out by design: unchanged, short forms of full entities, API error bodies. */
  skipped: number;
  /** The part of `skipped` that was there already. */
  unchanged: number;
  failed: number;
  /** Bytes of the accepted objects. */
  bytes: number;
}

export interface IngestReport extends IngestCounts {
  rejectedInputs: RejectedInput[];
  /** Objects that could not be stored, with the reason. */
  failures: { key: string; reason: string }[];
  /** Origins of everything that failed; a later run has to fetch them again. */
  failedOrigins: Set<string>;
  stopped: Stop | null;
  interrupted: boolean;
}

/**
 * Sends everything a source has into a sink, in parallel. An object counts as accepted once the sink has
 * confirmed it and the manifest has it. When the signal is aborted, nothing new is begun and what is under
 * way is finished, so that the manifest stays complete.
 * @throws EdpError of the source or the manifest; faults of single objects are counted instead.
 */
export async function runIngest(parts: IngestParts): Promise<IngestReport> {
  const { source, sink, manifest, signal } = parts;
  const report: IngestReport = {
    accepted: 0,
    skipped: 0,
    unchanged: 0,
    failed: 0,
    bytes: 0,
    rejectedInputs: [],
    failures: [],
    failedOrigins: new Set(),
    stopped: null,
    interrupted: false,
  };
  const entities = source.entities((input) => {
    report[input.status]++;
    if (input.status === "failed") report.failedOrigins.add(input.file);
    if (report.rejectedInputs.length < MAX_REASONS) report.rejectedInputs.push(input);
  });
  const iterator = (source.distinct ? entities : preferFull(entities))[Symbol.asyncIterator]();
  let fatal: unknown;

  await Promise.all(Array.from({ length: parts.concurrency }, worker));
  await iterator.return?.();
  report.interrupted = signal.aborted;
  report.stopped ??= source.stopped?.() ?? null;
  if (fatal !== undefined && !report.interrupted) throw fatal;
  return report;

  async function worker(): Promise<void> {
    while (!signal.aborted && fatal === undefined && report.stopped === null) {
      try {
        const next = await iterator.next();
        if (next.done) return;
        await send(next.value);
      } catch (error) {
        fatal ??= error;
        return;
      }
      parts.onProgress(report);
    }
  }

  async function send(entity: SourceEntity): Promise<void> {
    try {
      const object = landingObject(entity);
      const outcome = manifest
        ? await sink.store(object)
        : { status: await sink.preview(object), version: null };
      if (outcome.status !== "accepted") {
        report.skipped++;
        report.unchanged++;
        return;
      }
      const { key, sha256, body } = object;
      await manifest?.add({ key, sha256, bytes: body.length, versionId: outcome.version });
      report.accepted++;
      report.bytes += body.length;
    } catch (error) {
      if (error instanceof EdpError) throw error;
      const cause = parts.fatal?.(error);
      if (cause) throw cause;
      failed(entity, error as Error);
    }
  }

  function failed(entity: SourceEntity, error: Error): void {
    report.failed++;
    report.failedOrigins.add(entity.origin);
    const reason = error instanceof SinkUnreachableError ? error.message : `${error.name}: ${error.message}`;
    if (report.failures.length < MAX_REASONS) report.failures.push({ key: entity.key, reason });
    if (error instanceof SinkUnreachableError) {
      report.stopped = {
        code: "UNREACHABLE",
        message: error.message,
        hint: "Run the same command again when that is mended: what was stored is skipped.",
      };
    }
  }
}
