import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { EnvironmentPool } from "./environment-pool.ts";
import type { ExecutionEnvironment, RunResult } from "./execution-environment.ts";
import type { MetricsSink } from "./sinks.ts";
import { type Trace, trace } from "./trace.ts";
import type { FunctionFault } from "./worker-protocol.ts";

/** Largest response of a synchronous invocation, in bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100;

export interface InvocationOutcome {
  requestId: string;
  /** JSON text: what the handler returned, or the fault. */
  payload: string;
  fault?: FunctionFault;
  /** The last 4 KB of what the invocation logged. */
  tail: string;
}

export interface InvocationParts {
  clock: Clock;
  metrics: MetricsSink;
}

/**
 * Runs a function once and logs and measures it as Lambda does: START, END and REPORT lines
 * (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html) and the AWS/Lambda metrics.
 */
export async function invokeFunction(
  pool: EnvironmentPool,
  parts: InvocationParts,
  event: { payload: string; requestId?: string; traceHeader?: string },
): Promise<InvocationOutcome> {
  const requestId = event.requestId ?? randomUUID();
  const environment = await pool.acquire();
  const cold = environment.takeFirstUse();
  const startedAt = parts.clock.now();
  const concurrency = pool.busy;
  const { output, version } = environment;
  const traced = trace(startedAt, event.traceHeader);
  output.resetTail();
  try {
    const init = await environment.initialised;
    if (init.fault) {
      output.event(
        `INIT_REPORT Init Duration: ${milliseconds(environment.initDurationMs)}\tPhase: init\tStatus: error\tError Type: ${init.fault.errorType}\n`,
      );
    }
    output.event(`START RequestId: ${requestId} Version: $LATEST\n`);
    const result: RunResult = init.fault
      ? { fault: init.fault, durationMs: 0, maxMemoryMb: 0, timedOut: false, exited: true }
      : await environment.run({
          requestId,
          functionArn: version.arn,
          payload: event.payload,
          traceId: traced.header,
        });
    if (init.fault) environment.kill();
    const fault = result.fault ?? tooLarge(result.payload);
    closeLog(environment, requestId, result, fault, cold, traced);
    await output.flush(true);
    record(parts, version.declaration.name, startedAt, concurrency, result.durationMs, fault !== undefined);
    const payload = fault ? JSON.stringify(fault) : (result.payload ?? "null");
    return { requestId, payload, tail: output.tail(), ...(fault ? { fault } : {}) };
  } finally {
    pool.release(environment);
  }
}

function tooLarge(payload: string | undefined): FunctionFault | undefined {
  const bytes = Buffer.byteLength(payload ?? "");
  if (bytes <= MAX_RESPONSE_BYTES) return undefined;
  return {
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage: `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
    trace: [],
  };
}

function closeLog(
  environment: ExecutionEnvironment,
  requestId: string,
  result: RunResult,
  fault: FunctionFault | undefined,
  cold: boolean,
  traced: Trace,
): void {
  const { output, version, initDurationMs } = environment;
  if (fault && (result.timedOut || result.exited)) output.event(endOfEnvironment(requestId, result, fault));
  const billed = Math.ceil(result.durationMs + (cold ? initDurationMs : 0));
  const fields = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${milliseconds(result.durationMs)}`,
    `Billed Duration: ${billed} ms`,
    `Memory Size: ${version.declaration.memoryMb} MB`,
    `Max Memory Used: ${result.maxMemoryMb} MB`,
    ...(cold ? [`Init Duration: ${milliseconds(initDurationMs)}`] : []),
    ...(result.timedOut ? ["Status: timeout"] : []),
    ...(result.exited && fault ? [`Status: error\tError Type: ${fault.errorType}`] : []),
  ];
  const xray = `XRAY TraceId: ${traced.root}\tSegmentId: ${traced.segmentId}\tSampled: true`;
  output.event(`END RequestId: ${requestId}\n`);
  output.event(`${fields.join("\t")}\t\n${xray}\t\n`);
}

/** The line that tells why there is no answer: the handler itself had no time to say so. */
function endOfEnvironment(requestId: string, result: RunResult, fault: FunctionFault): string {
  if (!result.timedOut) return `${fault.errorMessage}\n${fault.errorType}\n`;
  const words = fault.errorMessage.slice(fault.errorMessage.indexOf("Task timed out"));
  return `${new Date().toISOString()} ${requestId} ${words}\n`;
}

function record(
  { clock, metrics }: InvocationParts,
  name: string,
  startedAt: number,
  concurrency: number,
  durationMs: number,
  failed: boolean,
): void {
  const add = (metric: string, value: number, at: number) =>
    metrics.record("AWS/Lambda", metric, { FunctionName: name }, value, at);
  add("Invocations", 1, startedAt);
  add("Errors", failed ? 1 : 0, startedAt);
  add("Throttles", 0, startedAt);
  add("ConcurrentExecutions", concurrency, startedAt);
  add("Duration", durationMs, clock.now());
}

function milliseconds(value: number): string {
  return `${value.toFixed(2)} ms`;
}
