import type { Clients } from "../aws/clients.ts";
import { userError } from "../aws/errors.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import { EdpError, InterruptedError } from "../errors.ts";
import { proofsOf } from "../reconcile/proofs.ts";
import { Tally } from "../reconcile/tally.ts";
import { type WaitResult, waitForRun } from "../reconcile/wait.ts";
import type { DeployedPipeline } from "../topology/deployment.ts";
import type { ManifestEntry } from "./manifest.ts";
import type { Pause } from "./pause.ts";

/** Milliseconds between two looks. On AWS each look costs list and receive requests. */
const POLL_MS = { local: 250, aws: 3_000 };

export interface WaitRequest {
  entries: AsyncIterable<ManifestEntry>;
  /** Bucket the objects landed in. */
  bucket: string;
  deployed: DeployedPipeline;
  clients: Clients;
  /** AWS itself, not the local engine or an emulator. */
  onAws: boolean;
  timeoutMs: number;
  /** When the run began, milliseconds since the epoch. */
  startedMs: number;
  pause: Pause;
}

/** Waits for the objects of a run, with progress. @throws InterruptedError at Ctrl-C; the objects go their way. */
export async function waitForManifest(context: Context, request: WaitRequest): Promise<WaitResult> {
  const tally = new Tally();
  for await (const entry of request.entries) tally.accept(entry);
  const { now, signal } = context;
  const { outputs, claims, deadLetters } = await proofsOf(request.deployed, {
    clients: request.clients,
    landing: request.bucket,
    onAws: request.onAws,
    versionsByEtag: !request.onAws && context.env !== LOCAL_ENV,
    window: { from: request.startedMs },
    now,
    signal,
  });
  const progress = context.terminal.progress("accounted for", tally.counts.accepted, "objects");
  try {
    return await waitForRun(tally, {
      proofs: [...outputs, ...deadLetters, ...claims],
      timeoutMs: request.timeoutMs,
      pollMs: request.onAws ? POLL_MS.aws : POLL_MS.local,
      now,
      pause: request.pause,
      signal,
      onProgress: ({ accepted, missing }) => progress.update(accepted - missing),
    });
  } catch (error) {
    if (context.signal.aborted) {
      const { accepted, missing } = tally.counts;
      throw new InterruptedError(
        `Interrupted while waiting: ${missing} of ${accepted} accepted objects were still under way. They go on by themselves.`,
      );
    }
    if (error instanceof EdpError) throw error;
    throw userError(error, context.env) ?? error;
  } finally {
    progress.end();
  }
}
