import { randomBytes } from "node:crypto";

/** A tracing header in its parts: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
export interface Trace {
  /** `1-<8 hex digits: seconds since the epoch>-<24 hex digits>` */
  root: string;
  segmentId: string;
  header: string;
}

const ROOT = /Root=(1-[0-9a-f]{8}-[0-9a-f]{24})/;

/** Continues the trace of an incoming header with a segment of its own, or begins a new one at `nowMs`. */
export function trace(nowMs: number, incoming?: string): Trace {
  const seconds = Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, "0");
  const root = ROOT.exec(incoming ?? "")?.[1] ?? `1-${seconds}-${randomBytes(12).toString("hex")}`;
  const segmentId = randomBytes(8).toString("hex");
  return { root, segmentId, header: `Root=${root};Parent=${segmentId};Sampled=1` };
}
