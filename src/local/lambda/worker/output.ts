import { formatWithOptions } from "node:util";
import { FRAME, type FrameKind } from "../worker-protocol.ts";

/** Levels of console.*, as Lambda's runtime words them. */
const LEVELS = {
  log: "INFO",
  info: "INFO",
  debug: "DEBUG",
  trace: "TRACE",
  warn: "WARN",
  error: "ERROR",
} as const;

/**
 * Sends everything the function prints to the engine, in order: each console call is one log event in the
 * form `time TAB request id TAB level TAB text`; what is written to stdout and stderr goes as it is.
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
 */
export function captureOutput(
  write: (kind: FrameKind, content: Uint8Array | string) => void,
  requestId: () => string | undefined,
): void {
  for (const [method, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, string][]) {
    globalThis.console[method] = (...values: unknown[]) => {
      const message = formatWithOptions({ colors: false }, ...values);
      write(FRAME.event, `${new Date().toISOString()}\t${requestId() ?? "undefined"}\t${level}\t${message}`);
    };
  }
  process.stdout.write = redirect((chunk) => write(FRAME.stdout, chunk));
  process.stderr.write = redirect((chunk) => write(FRAME.stderr, chunk));
}

function redirect(write: (chunk: Uint8Array | string) => void): typeof process.stdout.write {
  return (
    chunk: Uint8Array | string,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    done?: (error?: Error | null) => void,
  ): boolean => {
    write(typeof chunk === "string" && typeof encoding === "string" ? Buffer.from(chunk, encoding) : chunk);
    const callback = typeof encoding === "function" ? encoding : done;
    if (callback) process.nextTick(callback);
    return true;
  };
}
