import { ByteWriter } from "hyparquet-writer";

/** Bytes from which on copying costs more than keeping an array of its own. */
const LARGE = 512;

/**
 * hyparquet-writer's writer for small things (headers, the footer), that takes whole pages without copying
 * them and hands everything on in order.
 */
export class ChunkWriter extends ByteWriter {
  constructor(private readonly sink: (bytes: Uint8Array) => void) {
    super(16 * 1024);
  }

  override appendBytes(bytes: Uint8Array): void {
    if (bytes.length < LARGE) {
      super.appendBytes(bytes);
      return;
    }
    this.hand();
    this.sink(bytes);
    this.offset += bytes.length;
  }

  /** Hands on what is buffered. Offsets go on counting. */
  hand(): void {
    if (this.index > 0) this.sink(this.getBytes().slice());
    this.index = 0;
  }
}
