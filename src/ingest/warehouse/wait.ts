import type { Context } from "../../context.ts";
import { InterruptedError, NotDeployedError } from "../../errors.ts";
import type { RunReport } from "../../lambda/warehouse/run/report.ts";
import { outputBuckets } from "../../reconcile/proofs.ts";
import { RunReports } from "../../reconcile/run-reports.ts";
import { openSettler } from "../../reconcile/settlers.ts";
import type { DeployedPipeline, Deployment } from "../../topology/deployment.ts";
import type { FilesResult } from "../files/result.ts";
import { readManifest } from "../manifest.ts";
import { isConnectionError } from "../patience.ts";
import { systemPause } from "../pause.ts";

/** Milliseconds between two looks. On AWS each costs list and receive requests. */
const POLL_MS = { local: 250, aws: 3_000 };

/** Looks for the rest of a batch once a part of it has come to its end. */
const LAST_LOOKS = 4;

type Waited = Required<
  Pick<FilesResult, "processed" | "rejected" | "deadLettered" | "missing" | "timedOut" | "deadLetters">
>;

/**
 * Waits until the run that a batch started has ended, either way: its files come to their end together.
 * @throws InterruptedError at Ctrl-C; the run goes on
 */
export async function waitForRun(
  context: Context,
  parts: { manifest: string; bucket: string; deployment: Deployment; deployed: DeployedPipeline },
  timeoutMs: number,
): Promise<Waited & { reasons: string[] }> {
  const { deployment, deployed, bucket } = parts;
  const { createClients } = await import("../../aws/clients.ts");
  const clients = createClients(deployment, context);
  const { header, entries } = await readManifest(parts.manifest);
  if (header.kind !== "files") throw new Error(`${parts.manifest} is no manifest of files`);
  const deadline = context.now() + timeoutMs;
  try {
    const settler = await openSettler({
      header: { ...header, bucket },
      entries,
      deployment,
      deployed,
      clients,
      context,
      lastWritten: null,
    });
    const attempts = new RunReports(await clients.s3(), outputBuckets(deployed), context.now());
    let quiet = 0;
    await context.terminal.spin("Waiting for the run", async () => {
      for (;;) {
        const last = context.now() >= deadline;
        try {
          await settler.look(last);
          await tellAttempts(context, attempts, header.startedAt);
        } catch (error) {
          // An engine that is being restarted meanwhile is waited for.
          if (!isConnectionError(error)) throw error;
          if (last) throw new NotDeployedError("The environment does not answer any more.", { cause: error });
        }
        const { accepted, missing } = settler.counts;
        if (missing === 0 || last) return;
        // Files end together, their messages within moments of each other.
        if (missing < accepted && quiet++ === LAST_LOOKS) return;
        await systemPause(deployment.endpoint === null ? POLL_MS.aws : POLL_MS.local, context.signal);
      }
    });
    const { counts, deadLetters } = settler;
    const { accepted, ...ends } = counts;
    const timedOut = accepted > 0 && ends.missing === accepted;
    return { ...ends, deadLetters, timedOut, reasons: await reasonsOf(settler) };
  } catch (error) {
    if (!context.signal.aborted) throw error;
    throw new InterruptedError(
      "Interrupted while waiting. The run goes on by itself: npx edp status warehouse",
    );
  } finally {
    clients.close();
  }
}

/** Says why the run has not come about so far. */
async function tellAttempts({ terminal }: Context, attempts: RunReports, since: string): Promise<void> {
  for (const { report } of await attempts.unread()) {
    const { runId, reason, retried, started } = report as RunReport;
    if (!retried || started < since) continue;
    terminal.warn(`run ${runId} failed, and is tried again by itself: ${reason?.message}`);
  }
}

/** Why files have not been processed, one line each. */
async function reasonsOf(settler: Awaited<ReturnType<typeof openSettler>>): Promise<string[]> {
  const { records } = await settler.settled(false);
  return records.flatMap((record) => {
    const { key, why } = record as { key: string; why?: string | null };
    return why ? [`${key}: ${why}`] : [];
  });
}
