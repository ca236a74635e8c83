import { AwsError } from "../service.ts";

/** Longest line of the framing itself, in bytes: a size with its signature, or one trailer. */
const MAX_LINE_BYTES = 8 * 1024;
const CR = 0x0d;
const LF = 0x0a;

type State = "size" | "data" | "dataEnd" | "trailers" | "done";

/**
 * Takes the `aws-chunked` framing off a payload, whatever the pieces it arrives in: chunks of
 * `<size in hex>[;chunk-signature=…]\r\n<data>\r\n`, a last chunk of size 0, then trailers and an empty line.
 * Chunk signatures are read over, since the engine checks no credentials.
 * Source: "Signature calculations for the authorization header: transferring a payload in multiple chunks"
 * and "… including trailing headers" of the S3 API reference.
 */
export class AwsChunkedDecoder {
  /** Trailing headers by lower-case name; complete once `finish` has returned. */
  readonly trailers = new Map<string, string>();
  /** Bytes of payload given out so far. */
  decodedBytes = 0;
  #state: State = "size";
  #remaining = 0;
  #line: Buffer[] = [];
  #lineBytes = 0;

  /** Payload within one piece of the body. @throws AwsError InvalidRequest when the framing is broken. */
  *push(piece: Buffer): Generator<Buffer> {
    let offset = 0;
    while (offset < piece.length) {
      if (this.#state === "done") throw malformed("there are bytes behind its end");
      if (this.#state === "data") {
        const data = piece.subarray(offset, offset + this.#remaining);
        offset += data.length;
        this.#remaining -= data.length;
        this.decodedBytes += data.length;
        if (this.#remaining === 0) this.#state = "dataEnd";
        yield data;
        continue;
      }
      const end = piece.indexOf(LF, offset);
      const part = piece.subarray(offset, end === -1 ? piece.length : end + 1);
      offset += part.length;
      this.#lineBytes += part.length;
      if (this.#lineBytes > MAX_LINE_BYTES) throw malformed(`a line is longer than ${MAX_LINE_BYTES} bytes`);
      this.#line.push(part);
      if (end !== -1) this.#endLine();
    }
  }

  /** @throws AwsError IncompleteBody when the body ended before its last chunk did. */
  finish(): void {
    // A client may leave out the empty line behind the last chunk when it sends no trailer.
    if (this.#state === "done" || (this.#state === "trailers" && this.#lineBytes === 0)) return;
    throw new AwsError(
      "IncompleteBody",
      "The request body terminated unexpectedly: its last chunk is missing",
    );
  }

  #endLine(): void {
    const bytes = this.#line.length === 1 ? (this.#line[0] as Buffer) : Buffer.concat(this.#line);
    this.#line = [];
    this.#lineBytes = 0;
    const length = bytes.length - (bytes.at(-2) === CR ? 2 : 1);
    const line = bytes.toString("latin1", 0, length);
    if (this.#state === "size") this.#beginChunk(line);
    else if (this.#state === "dataEnd") {
      if (line !== "") throw malformed("a chunk is longer than its declared size");
      this.#state = "size";
    } else if (line === "") this.#state = "done";
    else this.#addTrailer(line);
  }

  #beginChunk(line: string): void {
    const size = line.split(";", 1)[0]?.trim() ?? "";
    if (!/^[0-9a-fA-F]{1,12}$/.test(size))
      throw malformed(`${JSON.stringify(line.slice(0, 40))} is no chunk size`);
    this.#remaining = Number.parseInt(size, 16);
    this.#state = this.#remaining === 0 ? "trailers" : "data";
  }

  #addTrailer(line: string): void {
    const colon = line.indexOf(":");
    if (colon < 1)
      throw new AwsError("MalformedTrailerError", `The trailer ${JSON.stringify(line)} has no name`);
    this.trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

function malformed(detail: string): AwsError {
  return new AwsError("InvalidRequest", `The aws-chunked request body is malformed: ${detail}`);
}
