/** Where functions' output goes: CloudWatch Logs of the engine. */
export interface LogsSink {
  /** Creates the log group unless it exists; sets its retention in days. */
  createGroup(name: string, retentionDays: number): Promise<void>;
  /** Appends events (milliseconds since the epoch), creating group and stream where needed. */
  append(group: string, stream: string, events: LogEvent[]): Promise<void>;
}

export interface LogEvent {
  timestamp: number;
  message: string;
}

/** Where functions' metrics go: CloudWatch of the engine. */
export interface MetricsSink {
  /** Records one value at `timestamp`, in milliseconds since the epoch. */
  record(
    namespace: string,
    metric: string,
    dimensions: Record<string, string>,
    value: number,
    timestamp: number,
  ): void;
}
