import { type FileHandle, open } from "node:fs/promises";
import type { OutgoingEvent } from "./event.ts";
import type { Refusal } from "./verdict.ts";

/** A run's refused events beside its manifest, one a line with path and reason; made when there is one. */
export class RejectsFile {
  #handle: Promise<FileHandle> | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #count = 0;

  constructor(readonly file: string) {}

  /** Number of events in it. */
  get count(): number {
    return this.#count;
  }

  /** Resolves when the events are in the file, which only its owner can read. */
  async add(refused: readonly { event: OutgoingEvent; refusal: Refusal }[]): Promise<void> {
    if (refused.length === 0) return;
    this.#handle ??= open(this.file, "a", 0o600);
    const lines = refused.map(
      ({ event, refusal }) =>
        `{"event":${event.json},"origin":${JSON.stringify(event.origin)},"path":${JSON.stringify(refusal.path)},"reason":${JSON.stringify(refusal.reason)}}\n`,
    );
    this.#count += refused.length;
    const before = this.#writing;
    this.#writing = (async () => {
      await before;
      await (await this.#handle)?.appendFile(lines.join(""));
    })();
    await this.#writing;
  }

  async close(): Promise<void> {
    await (await this.#handle)?.close();
  }
}
