import { spawn } from "node:child_process";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { StringDecoder } from "node:string_decoder";
import { execa } from "execa";
import { type Diagnostic, LineSplitter, parseLine, type TerraformEvent } from "./json-stream.ts";

/** Milliseconds between two looks at the growing stream. */
const POLL_MS = 100;
/** Bytes read from the stream at once. */
const CHUNK_BYTES = 64 * 1024;
/** Lines outside the JSON stream that are kept for an error message. */
const KEPT_LINES = 20;

/** Where and how Terraform runs. */
export interface TerraformProcess {
  /** Path of terraform or tofu. */
  binary: string;
  /** The environment's working copy. */
  work: string;
  /** Directory for the JSON streams. */
  logs: string;
  /** The whole environment of the process, credentials included. */
  variables: NodeJS.ProcessEnv;
}

export interface Watcher {
  onEvent?(event: TerraformEvent): void;
  /** Called with the process id as soon as Terraform runs. */
  onStart?(pid: number): Promise<void>;
  /** Tells the user what Ctrl-C does. */
  note(line: string): void;
  /** Aborted at the first Ctrl-C. */
  signal: AbortSignal;
}

export interface TerraformOutcome {
  succeeded: boolean;
  /** Whether the user stopped it; Terraform has then ended in order and given its lock back. */
  interrupted: boolean;
  /** The signal that ended Terraform itself, e.g. SIGKILL of the out-of-memory killer. */
  killedBy: string | null;
  diagnostics: Diagnostic[];
  /** Last lines that were not JSON, stderr included. */
  text: string[];
}

/**
 * Runs one operation with `-json` and reports its events.
 *
 * Terraform gets a session of its own, so that a terminal's Ctrl-C does not reach it: a second SIGINT makes it
 * drop its state. edp passes exactly one on and waits. Its output goes to a file which is read as it grows, not
 * to a pipe: should edp be killed, a broken pipe would kill Terraform before it has saved its state.
 */
export async function runTerraform(
  terraform: TerraformProcess,
  args: readonly [operation: string, ...rest: string[]],
  watcher: Watcher,
): Promise<TerraformOutcome> {
  watcher.signal.throwIfAborted();
  await mkdir(terraform.logs, { recursive: true, mode: 0o700 });
  const log = await open(path.join(terraform.logs, `${args[0]}.jsonl`), "w+", 0o600);
  const outcome: TerraformOutcome = {
    succeeded: false,
    interrupted: false,
    killedBy: null,
    diagnostics: [],
    text: [],
  };
  try {
    const child = spawn(terraform.binary, [...args], {
      cwd: terraform.work,
      env: terraform.variables,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
      child.once("error", reject).once("exit", (code, signal) => resolve({ code, signal }));
    });
    const release = passOneInterrupt(() => child.kill("SIGINT"), watcher, outcome);
    const reader = new StreamReader(log, (event) => collect(event, outcome, watcher));
    try {
      if (child.pid !== undefined) await watcher.onStart?.(child.pid);
      const { code, signal } = await reader.until(ended);
      outcome.succeeded = code === 0;
      outcome.killedBy = signal;
    } finally {
      release();
    }
    return outcome;
  } finally {
    await log.close();
  }
}

/** Runs a short command that only reads (`show`, `output`) and returns its stdout. */
export async function captureTerraform(
  terraform: TerraformProcess,
  args: readonly string[],
): Promise<{ succeeded: boolean; stdout: string; stderr: string }> {
  const result = await execa(terraform.binary, [...args], {
    cwd: terraform.work,
    env: terraform.variables,
    extendEnv: false,
    detached: true,
    cleanup: false,
    forceKillAfterDelay: false,
    stdin: "ignore",
    reject: false,
    maxBuffer: 512 * 1024 * 1024,
  });
  return {
    succeeded: result.exitCode === 0,
    stdout: result.stdout ?? "",
    stderr: result.stderr || (result.shortMessage ?? ""),
  };
}

function collect(event: TerraformEvent, outcome: TerraformOutcome, watcher: Watcher): void {
  if (event.type === "diagnostic") outcome.diagnostics.push(event.diagnostic);
  if (event.type === "text") {
    outcome.text.push(event.text);
    if (outcome.text.length > KEPT_LINES) outcome.text.shift();
  }
  watcher.onEvent?.(event);
}

function passOneInterrupt(interrupt: () => void, watcher: Watcher, outcome: TerraformOutcome): () => void {
  let told = false;
  const first = () => {
    outcome.interrupted = true;
    interrupt();
    watcher.note(
      "Stopping: Terraform ends what it is doing, saves its state and gives its lock back. Please wait.",
    );
    // Later, since the signal that brings us here is still being handed to the listeners, `again` among them.
    queueMicrotask(() => {
      told = true;
    });
  };
  const again = () => {
    if (told) watcher.note("Still waiting for Terraform: ended by force it would lose track of resources.");
  };
  watcher.signal.addEventListener("abort", first, { once: true });
  process.on("SIGINT", again);
  return () => {
    watcher.signal.removeEventListener("abort", first);
    process.off("SIGINT", again);
  };
}

/** Follows a file that another process writes. */
class StreamReader {
  #position = 0;
  readonly #decoder = new StringDecoder("utf8");
  readonly #lines = new LineSplitter();
  readonly #file: FileHandle;
  readonly #onEvent: (event: TerraformEvent) => void;

  constructor(file: FileHandle, onEvent: (event: TerraformEvent) => void) {
    this.#file = file;
    this.#onEvent = onEvent;
  }

  /** Reads until the process has ended and all it wrote is read. */
  async until<T>(ended: Promise<T>): Promise<T> {
    let running = true;
    const end = ended.finally(() => {
      running = false;
    });
    while (running) {
      await Promise.race([end, new Promise((resolve) => setTimeout(resolve, POLL_MS))]);
      await this.#drain();
    }
    const result = await end;
    await this.#drain();
    this.#emit(this.#lines.end());
    return result;
  }

  async #drain(): Promise<void> {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      this.#emit(this.#lines.push(this.#decoder.write(buffer.subarray(0, bytesRead))));
    }
  }

  #emit(lines: string[]): void {
    for (const line of lines) {
      const event = parseLine(line);
      if (event) this.#onEvent(event);
    }
  }
}
