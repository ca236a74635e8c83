/** Where an event has ended. */
export type EventEnd =
  | { state: "processed"; output: string }
  | { state: "rejected"; output: string; errorCode: string | null; message: string | null };

/** What a line of an object says: an event and its end, or nothing. `output` is the object, `s3://bucket/key`. */
export type ReadLine = (line: Buffer, output: string) => { eventId: string; end: EventEnd } | undefined;

/** A line of an object of events: the event as the function put it. */
export const readEvent: ReadLine = (line, output) => {
  const eventId = eventIdOf(line.toString("utf8"));
  return eventId === undefined ? undefined : { eventId, end: { state: "processed", output } };
};

/**
 * A line of an object under the error prefix: the record in base64, with the reason.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html#dynamic-partitioning-error-messages
 */
export const readError: ReadLine = (line, output) => {
  const { rawData, errorCode, errorMessage } = parse(line.toString("utf8")) ?? {};
  if (typeof rawData !== "string") return undefined;
  const eventId = eventIdOf(Buffer.from(rawData, "base64").toString("utf8"));
  if (eventId === undefined) return undefined;
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  return {
    eventId,
    end: { state: "rejected", output, errorCode: text(errorCode), message: text(errorMessage) },
  };
};

function eventIdOf(json: string): string | undefined {
  const { eventId } = parse(json) ?? {};
  return typeof eventId === "string" ? eventId : undefined;
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
