import path from "node:path";
import { LOCAL_ENV } from "../../context.ts";
import { CredentialsError, InterruptedError, NotDeployedError } from "../../errors.ts";
import type { IngestResult } from "../result.ts";
import type { Stop } from "../source.ts";
import type { RejectsFile } from "./rejects.ts";
import { PIPELINE, type Run } from "./run.ts";
import type { SendReport, Stopped } from "./send.ts";

/** @throws the error that a run ends with which could not do what it was asked to */
export function refuseUseless(run: Run, report: SendReport, manifest: string): void {
  const { context, rejected } = run;
  const { accepted, stopped } = report;
  if (context.signal.aborted) {
    const open = report.unanswered > 0 ? ` and ${report.unanswered} without an answer` : "";
    throw new InterruptedError(`Interrupted: ${accepted} events accepted${open}, listed in ${manifest}.`, {
      hint: goOn(run),
    });
  }
  if (stopped?.why === "key") {
    const after = accepted > 0 ? ` after ${accepted} events` : "";
    throw new CredentialsError(`The API refuses the key${after} (403: ${stopped.reason}).`, {
      code: "API_KEY",
      hint: context.variables.EDP_API_KEY
        ? "EDP_API_KEY is set: unset it, and the pipeline's own key is used; or correct it."
        : "The key may have been disabled or taken off the usage plan: deploy again.",
    });
  }
  if (accepted + report.refused + rejected.count > 0 || !stopped || stopped.why === "quota") return;
  throw new NotDeployedError(`The API takes no events: ${stopped.reason}`, {
    hint: "Is it running? npx edp status",
  });
}

function stopOf(run: Run, { why, reason }: Stopped, report: SendReport): Stop {
  const sent = `${report.accepted} events were accepted before`;
  if (why === "quota") {
    return {
      code: "QUOTA_EXCEEDED",
      message: `The API key's quota for today is used up (${reason}); ${sent}.`,
      hint: `It is renewed at midnight UTC. ${goOn(run)}`,
    };
  }
  return {
    code: why === "busy" ? "API_BUSY" : "UNREACHABLE",
    message: `${reason}; ${sent}.`,
    hint: `Look at npx edp status. ${goOn(run)}`,
  };
}

/** How the rest is sent, where there is one. */
function goOn({ context, origin, runId }: Run): string {
  if (origin.input.kind === "site" && origin.input.count === null)
    return "Run the same command again for more.";
  return `Send the rest: npx edp ingest fakestore --resume ${runId}${context.env === LOCAL_ENV ? "" : ` --env ${context.env}`}`;
}

/** Result of a run that has posted what it could. */
export function resultOf(run: Run, report: SendReport, manifest: string, rejects: RejectsFile): IngestResult {
  const { context, runId, started, rejected } = run;
  const seconds = (context.now() - started) / 1000;
  const { accepted, refused, bytes, unanswered, resent, failures, latency, stopped } = report;
  const milliseconds = (percentile: number) => Math.round(latency.percentile(percentile) / 100) / 10;
  return {
    env: context.env,
    runId,
    pipeline: PIPELINE,
    dryRun: false,
    accepted,
    skipped: run.answered.size,
    unchanged: run.answered.size,
    failed: refused + rejected.count,
    bytes,
    seconds,
    manifest: path.relative(context.directory, manifest),
    rejectedInputs: rejected.inputs,
    failures,
    stopped: stopped && stopOf(run, stopped, report),
    sending: {
      unanswered,
      resent,
      eventsPerSecond: Math.round(accepted / Math.max(seconds, 0.001)),
      latencyMs: latency.count === 0 ? null : { p50: milliseconds(50), p99: milliseconds(99) },
      rejects: rejects.count > 0 ? path.relative(context.directory, rejects.file) : null,
    },
  };
}
