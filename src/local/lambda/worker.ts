/**
 * One execution environment: a Node process of its own that loads a bundle and runs its handler. Started by
 * the engine only; it ends when the engine does. Behaves as Lambda's Node.js runtime does:
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { invocationContext } from "./worker/context.ts";
import { functionFault } from "./worker/fault.ts";
import { type Handler, loadHandler } from "./worker/load-handler.ts";
import { captureOutput } from "./worker/output.ts";
import {
  encodeFrame,
  FRAME,
  FRAME_FD,
  type FrameKind,
  type FunctionFault,
  type InitResult,
  type InvokeMessage,
  type InvokeResult,
} from "./worker-protocol.ts";

/** Exit status after an error that no handler caught, as Lambda's runtime has it. */
const EXIT_UNCAUGHT = 129;

/** Read before anything else: on a busy machine the engine may be gone by the time its watch has started. */
const ENGINE_PID = process.ppid;

let current: InvokeMessage | undefined;

function write(kind: FrameKind, content: Uint8Array | string): void {
  const frame = encodeFrame(kind, typeof content === "string" ? Buffer.from(content) : content);
  for (let offset = 0; offset < frame.length; ) offset += writeSync(FRAME_FD, frame, offset);
}

function finish(requestId: string, outcome: Pick<InvokeResult, "payload" | "fault" | "fatal">): void {
  current = undefined;
  const result: InvokeResult = {
    requestId,
    maxMemoryMb: Math.ceil(process.resourceUsage().maxRSS / 1024),
    ...outcome,
  };
  write(FRAME.result, JSON.stringify(result));
}

function logFault(label: string, fault: FunctionFault): void {
  const { errorType, errorMessage, trace } = fault;
  const line = JSON.stringify({ errorType, errorMessage, stack: trace });
  const id = current?.requestId ?? "undefined";
  write(FRAME.event, `${new Date().toISOString()}\t${id}\tERROR\t${label}\t${line}`);
}

/** An error outside the handler's promise leaves the environment in an unknown state: report it and end. */
function endWith(label: string, fault: FunctionFault): never {
  logFault(label, fault);
  if (current) finish(current.requestId, { fault, fatal: true });
  else write(FRAME.init, JSON.stringify({ fault } satisfies InitResult));
  process.exit(EXIT_UNCAUGHT);
}

async function invoke(handler: Handler, message: InvokeMessage): Promise<void> {
  current = message;
  process.env._X_AMZN_TRACE_ID = message.traceId;
  try {
    const context = invocationContext(message, process.env);
    const returned = await handler(JSON.parse(message.payload), context);
    finish(message.requestId, { payload: serialise(returned) });
  } catch (error) {
    const fault = functionFault(error);
    logFault("Invoke Error ", fault);
    finish(message.requestId, { fault });
  }
}

function serialise(returned: unknown): string {
  try {
    return JSON.stringify(returned) ?? "null";
  } catch (error) {
    const fault = new Error(`Unable to stringify response body: ${(error as Error).message}`);
    fault.name = "Runtime.MarshalError";
    throw fault;
  }
}

/** Ends this process when the engine is gone even while a handler blocks the event loop. */
function watchParent(): void {
  const watch = `const { workerData: engine } = require("node:worker_threads");
    setInterval(() => { if (process.ppid !== engine) process.kill(process.pid, "SIGKILL"); }, 1000);`;
  new Worker(watch, { eval: true, workerData: ENGINE_PID }).unref();
}

process.on("disconnect", () => process.exit(0));
process.on("uncaughtException", (error) => endWith("Uncaught Exception ", functionFault(error)));
process.on("unhandledRejection", (reason) =>
  endWith("Unhandled Promise Rejection ", {
    ...functionFault(reason),
    errorType: "Runtime.UnhandledPromiseRejection",
    errorMessage: reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason),
  }),
);
captureOutput(write, () => current?.requestId);
try {
  const handler = await loadHandler(process.env.LAMBDA_TASK_ROOT ?? ".", process.env._HANDLER ?? "");
  process.on("message", (message: InvokeMessage) => void invoke(handler, message));
  write(FRAME.init, JSON.stringify({} satisfies InitResult));
  watchParent();
} catch (error) {
  endWith("Uncaught Exception ", functionFault(error));
}
