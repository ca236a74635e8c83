import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import type { Clock } from "../clock.ts";
import { environmentVariables } from "./environment-variables.ts";
import type { FunctionVersion } from "./function.ts";
import { OutputLog } from "./output-log.ts";
import type { LogsSink } from "./sinks.ts";
import {
  FRAME,
  FRAME_FD,
  FrameReader,
  type FunctionFault,
  type InitResult,
  type InvokeMessage,
  type InvokeResult,
} from "./worker-protocol.ts";

/** Longest initialisation, in milliseconds: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
const INIT_TIMEOUT_MS = 10_000;
/** How long after its exit a process's last output is waited for; a grandchild may hold the pipe open. */
const OUTPUT_GRACE_MS = 500;

export interface EnvironmentParts {
  clock: Clock;
  logs: LogsSink;
  /** Path of the built worker. */
  workerPath: string;
  endpoint: string;
  log(line: string): void;
}

/** How one run of the handler ended. */
export interface RunResult {
  payload?: string;
  fault?: FunctionFault;
  durationMs: number;
  maxMemoryMb: number;
  timedOut: boolean;
  /** The process ended by itself: Runtime.ExitError. */
  exited: boolean;
}

interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The process could not be started at all. */
  error?: Error;
}

/** One execution environment: a process that holds one version of a function and runs one event at a time. */
export class ExecutionEnvironment {
  readonly output: OutputLog;
  /** Settles when the handler is loaded or failed to; a fault means that this environment is of no use. */
  readonly initialised: Promise<InitResult>;
  /** Settles when the process is gone and its output is read. */
  readonly ended: Promise<Exit>;
  initDurationMs = 0;
  #child: ChildProcess;
  #alive = true;
  #unused = true;
  #onResult: ((result: InvokeResult) => void) | undefined;
  #onInit: (result: InitResult) => void = () => {};

  constructor(
    readonly version: FunctionVersion,
    private readonly parts: EnvironmentParts,
  ) {
    const stream = logStreamName(parts.clock.now());
    this.output = new OutputLog(parts.logs, parts.clock, version.logGroup, stream, parts.log);
    const started = performance.now();
    this.#child = startProcess(version, parts, stream);
    this.ended = this.#watch();
    const loaded = new Promise<InitResult>((resolve) => {
      this.#onInit = (result) => {
        this.initDurationMs = performance.now() - started;
        resolve(result);
      };
    });
    this.initialised = this.#initialise(loaded);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Whether this is the environment's first invocation, whose REPORT line names the initialisation. */
  takeFirstUse(): boolean {
    const first = this.#unused;
    this.#unused = false;
    return first;
  }

  /** Runs the handler once; kills the process at the function's timeout. */
  async run(message: Omit<InvokeMessage, "remainingMs">): Promise<RunResult> {
    const { timeoutSeconds } = this.version.declaration;
    const started = performance.now();
    let timedOut = false;
    const cancel = this.parts.clock.after(timeoutSeconds * 1000, () => {
      timedOut = true;
      this.kill();
    });
    const result = new Promise<InvokeResult>((resolve) => {
      this.#onResult = resolve;
    });
    this.#child.send({ ...message, remainingMs: timeoutSeconds * 1000 } satisfies InvokeMessage, (error) => {
      // The process's end, which `ended` tells, is the answer.
      if (error) this.kill();
    });
    const outcome = await Promise.race([result, this.ended]);
    cancel();
    this.#onResult = undefined;
    const durationMs = performance.now() - started;
    if ("requestId" in outcome) {
      if (outcome.fatal) await this.ended;
      const { payload, fault, maxMemoryMb } = outcome;
      return { payload, fault, maxMemoryMb, durationMs, timedOut: false, exited: false };
    }
    const fault = timedOut
      ? timeoutFault(message.requestId, timeoutSeconds)
      : exitFault(message.requestId, outcome);
    return { fault, durationMs, maxMemoryMb: 0, timedOut, exited: !timedOut };
  }

  /** Ends the process and whatever it started. */
  kill(): void {
    this.#alive = false;
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
    } catch (error) {
      // Gone already; macOS says EPERM of a process that is only not yet reaped.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ESRCH" && code !== "EPERM") throw error;
    }
  }

  async #initialise(loaded: Promise<InitResult>): Promise<InitResult> {
    let timedOut = false;
    const limitMs = Math.max(INIT_TIMEOUT_MS, this.version.declaration.timeoutSeconds * 1000);
    const cancel = this.parts.clock.after(limitMs, () => {
      timedOut = true;
      this.kill();
    });
    const first = await Promise.race([loaded, this.ended]);
    cancel();
    if (!("code" in first)) return first;
    if (timedOut)
      return { fault: fault("Sandbox.Timedout", `Init timed out after ${limitMs / 1000} seconds`) };
    return { fault: exitFault("", first) };
  }

  #watch(): Promise<Exit> {
    const child = this.#child;
    const reader = new FrameReader();
    const frames = child.stdio[FRAME_FD] as Readable | null;
    frames?.on("data", (chunk: Buffer) => {
      for (const { kind, content } of reader.push(chunk)) {
        if (kind === FRAME.result) this.#onResult?.(JSON.parse(content.toString("utf8")) as InvokeResult);
        else if (kind === FRAME.init) this.#onInit(JSON.parse(content.toString("utf8")) as InitResult);
        else if (kind === FRAME.event) this.output.event(content);
        else this.output.text(content);
      }
      this.#store(frames);
    });
    // Only what bypasses process.stdout comes here: native code, and V8's last words.
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output.text(chunk);
        this.#store(stream);
      });
    }
    return new Promise((resolve) => {
      child.once("error", (error) => {
        this.#alive = false;
        resolve({ code: null, signal: null, error });
      });
      child.once("exit", (code, signal) => {
        this.#alive = false;
        const done = async () => {
          clearTimeout(timer);
          await this.output.flush(true);
          resolve({ code, signal });
        };
        const timer = setTimeout(done, OUTPUT_GRACE_MS);
        child.once("close", done);
      });
    });
  }

  /** Stores what was read before reading on: a function that prints faster than the disk takes has to wait. */
  #store(stream: Readable): void {
    stream.pause();
    void this.output.flush().then(() => stream.resume());
  }
}

function startProcess(version: FunctionVersion, parts: EnvironmentParts, stream: string): ChildProcess {
  const options: SpawnOptions = {
    cwd: version.taskRoot,
    env: environmentVariables(version, stream, parts.endpoint),
    stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
    serialization: "advanced",
    // A process group of its own: Ctrl-C at the engine doesn't reach it, and a kill takes its children along.
    detached: process.platform !== "win32",
    windowsHide: true,
  };
  return spawn(
    process.execPath,
    [`--max-old-space-size=${version.declaration.memoryMb}`, parts.workerPath],
    options,
  );
}

/** `2026/11/21/[$LATEST]<32 hex digits>` */
function logStreamName(nowMs: number): string {
  const date = new Date(nowMs).toISOString().slice(0, 10).replaceAll("-", "/");
  return `${date}/[$LATEST]${randomBytes(16).toString("hex")}`;
}

function fault(errorType: string, errorMessage: string): FunctionFault {
  return { errorType, errorMessage, trace: [] };
}

function timeoutFault(requestId: string, seconds: number): FunctionFault {
  const message = `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`;
  return fault("Sandbox.Timedout", message);
}

/** Words of Lambda's signals where Node's name differs from the kernel's description. */
const SIGNALS: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: "killed",
  SIGABRT: "aborted",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};

function exitFault(requestId: string, exit: Exit): FunctionFault {
  const id = requestId ? `RequestId: ${requestId} ` : "";
  if (exit.error)
    return fault("Sandbox.StartError", `${id}Error: cannot start the process: ${exit.error.message}`);
  const signal = exit.signal ? (SIGNALS[exit.signal] ?? exit.signal) : undefined;
  const how = signal
    ? `with error: signal: ${signal}`
    : exit.code
      ? `with error: exit status ${exit.code}`
      : "without providing a reason";
  return fault("Runtime.ExitError", `${id}Error: Runtime exited ${how}`);
}
