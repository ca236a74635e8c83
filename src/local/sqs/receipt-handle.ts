/** A receipt handle says which queue, which message and which of its receives; AWS keeps its own opaque too. */
export interface ReceiptHandle {
  queueId: string;
  n: number;
  /** ApproximateReceiveCount when it was handed out; a later receive makes it stale. */
  receive: number;
}

/** Encodes a handle. It stays valid over a restart of the engine. */
export function encodeHandle({ queueId, n, receive }: ReceiptHandle): string {
  return Buffer.from(`edp:${queueId}:${n}:${receive}`).toString("base64");
}

/** Decodes a handle, or gives undefined for text that is none. */
export function decodeHandle(text: string): ReceiptHandle | undefined {
  const match = /^edp:([0-9a-f]+):(\d+):(\d+)$/.exec(Buffer.from(text, "base64").toString("latin1"));
  if (!match?.[1]) return undefined;
  return { queueId: match[1], n: Number(match[2]), receive: Number(match[3]) };
}
