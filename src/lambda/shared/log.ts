export type LogLevel = "DEBUG" | "INFO" | "WARN" | "ERROR";

/** Writes one JSON line to CloudWatch Logs. */
export type Log = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;

/** A log whose lines carry the invocation's request id. */
export function createLog(
  requestId: string,
  write: (line: string) => void = (line) => void process.stdout.write(line),
): Log {
  return (level, message, fields) =>
    write(
      `${JSON.stringify({ level, message, timestamp: new Date().toISOString(), requestId, ...fields })}\n`,
    );
}
