/**
 * What the engine and an execution environment say to each other. The engine sends messages over Node's IPC
 * channel. The environment writes frames to file descriptor 4, one pipe for logs and results, so that every
 * line of an invocation arrives before its result.
 */

/** File descriptor of the environment's frames. */
export const FRAME_FD = 4;

/** Engine to environment: run the handler once. */
export interface InvokeMessage {
  requestId: string;
  functionArn: string;
  /** JSON text of the event. */
  payload: string;
  /** Milliseconds until the engine kills the environment. */
  remainingMs: number;
  traceId: string;
}

/** Kinds of frames: one byte, then the length of the content as 32 bits big-endian, then the content. */
export const FRAME = {
  /** A finished call of console.*: one log event, line breaks included. */
  event: 1,
  /** Raw text of stdout. */
  stdout: 2,
  /** Raw text of stderr. */
  stderr: 3,
  /** The handler module is loaded: JSON of {@link InitResult}. */
  init: 4,
  /** The invocation ended: JSON of {@link InvokeResult}. */
  result: 5,
} as const;

export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** An error as Lambda's Node.js runtime reports it. */
export interface FunctionFault {
  errorType: string;
  errorMessage: string;
  trace: string[];
}

export interface InitResult {
  fault?: FunctionFault;
}

export interface InvokeResult {
  requestId: string;
  /** JSON text of what the handler returned; absent with a fault. */
  payload?: string;
  fault?: FunctionFault;
  /** Peak resident memory of the environment in MB. */
  maxMemoryMb: number;
  /** The environment ends after this result: its state is unknown. */
  fatal?: boolean;
}

/** Bytes of a frame's head. */
const HEAD_BYTES = 5;

export function encodeFrame(kind: FrameKind, content: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + content.length);
  frame.writeUInt8(kind, 0);
  frame.writeUInt32BE(content.length, 1);
  frame.set(content, HEAD_BYTES);
  return frame;
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /** Adds what arrived and returns the frames that are complete with it. */
  push(chunk: Buffer): { kind: FrameKind; content: Buffer }[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed()) return [];
    let rest = Buffer.concat(this.#chunks);
    const frames: { kind: FrameKind; content: Buffer }[] = [];
    while (rest.length >= HEAD_BYTES && rest.length >= HEAD_BYTES + rest.readUInt32BE(1)) {
      const end = HEAD_BYTES + rest.readUInt32BE(1);
      frames.push({ kind: rest.readUInt8(0) as FrameKind, content: rest.subarray(HEAD_BYTES, end) });
      rest = rest.subarray(end);
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    return frames;
  }

  /** Bytes until the frame at the front is complete, so that a large one is not joined again at every chunk. */
  #needed(): number {
    const [first] = this.#chunks;
    return first && first.length >= HEAD_BYTES ? HEAD_BYTES + first.readUInt32BE(1) : HEAD_BYTES;
  }
}
