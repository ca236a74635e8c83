import { PermanentFault } from "../../shared/faults.ts";
import { openObject, readAll } from "../../shared/objects.ts";
import type { HeaderFault, Layout } from "./columns.ts";
import type { FileVersion } from "./day-set.ts";
import { HEAD_BYTES, readHead } from "./head.ts";
import type { Invocation } from "./invocation.ts";

/** Times that a connection may break without a byte between. */
const MOST_BREAKS = 3;

/** Reads and checks the beginning of a file. @throws PermanentFault OBJECT_NOT_FOUND */
export async function readFileHead(file: FileVersion, run: Invocation): Promise<Layout | HeaderFault[]> {
  if (file.bytes === 0) return readHead(file.kind, Buffer.alloc(0), true);
  const opened = await openObject(run.s3, file, run.signal, `bytes=0-${HEAD_BYTES - 1}`);
  return readHead(file.kind, await readAll(opened), file.bytes <= HEAD_BYTES);
}

/**
 * The bytes of a file, as a stream. A connection that breaks is taken up where it broke.
 * @throws PermanentFault OBJECT_NOT_FOUND; what the connection throws, when it keeps breaking
 */
export async function* contentOf(file: FileVersion, run: Invocation): AsyncGenerator<Buffer> {
  let position = 0;
  let breaks = 0;
  while (position < file.bytes) {
    try {
      const { body } = await openObject(run.s3, file, run.signal, `bytes=${position}-`);
      try {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          position += chunk.length;
          breaks = 0;
          yield chunk;
        }
      } finally {
        body.destroy();
      }
      if (position < file.bytes) throw new Error(`the body ended after ${position} of ${file.bytes} bytes`);
    } catch (error) {
      if (run.signal.aborted || error instanceof PermanentFault || ++breaks > MOST_BREAKS) throw error;
      run.log("WARN", `${file.key} is read on from byte ${position}: ${(error as Error).message}`);
    }
  }
}
