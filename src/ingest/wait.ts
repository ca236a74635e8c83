import type { Clients } from "../aws/clients.ts";
import { userError } from "../aws/errors.ts";
import type { Context } from "../context.ts";
import { EdpError, InterruptedError } from "../errors.ts";
import { openSettler, settlerKind } from "../reconcile/settlers.ts";
import { type WaitResult, waitForRun } from "../reconcile/wait.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";
import { readManifest } from "./manifest.ts";
import type { Pause } from "./pause.ts";

/** Milliseconds between two looks. On AWS each look costs list and receive requests. */
const POLL_MS = { local: 250, aws: 3_000 };

export interface WaitRequest {
  /** File of the run's manifest, of any kind; closed. */
  manifest: string;
  /** Bucket its records land or end in. */
  bucket: string;
  deployment: Deployment;
  deployed: DeployedPipeline;
  clients: Clients;
  timeoutMs: number;
  pause: Pause;
}

/** Waits for the records of a run, with progress. @throws InterruptedError at Ctrl-C; the records go their way. */
export async function waitForManifest(context: Context, request: WaitRequest): Promise<WaitResult> {
  const { bucket, deployment, deployed, clients, pause } = request;
  const { header, entries } = await readManifest(request.manifest);
  const { unit } = settlerKind(header.kind);
  const settler = await openSettler({
    header: { ...header, bucket },
    entries,
    deployment,
    deployed,
    clients,
    context,
    lastWritten: null,
  });
  const progress = context.terminal.progress("accounted for", settler.counts.accepted, unit);
  try {
    return await waitForRun(settler, {
      timeoutMs: request.timeoutMs,
      pollMs: deployment.endpoint === null ? POLL_MS.aws : POLL_MS.local,
      now: context.now,
      pause,
      signal: context.signal,
      onProgress: ({ accepted, missing }) => progress.update(accepted - missing),
    });
  } catch (error) {
    if (context.signal.aborted) {
      const { accepted, missing } = settler.counts;
      throw new InterruptedError(
        `Interrupted while waiting: ${missing} of ${accepted} accepted ${unit} were still under way. They go on by themselves.`,
      );
    }
    if (error instanceof EdpError) throw error;
    throw userError(error, context.env) ?? error;
  } finally {
    progress.end();
  }
}
