import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import type { MappingSettings } from "./queue-mapping.ts";

/** Settings that UpdateEventSourceMapping may change. */
export type MappingOverrides = Partial<
  Pick<MappingSettings, "enabled" | "batchSize" | "batchWindowMs" | "maximumConcurrency">
>;

interface StoredMapping {
  /** The declared settings, as JSON, that the overrides were made on. */
  declared: string;
  overrides: MappingOverrides;
  lastModified: number;
}

/**
 * What was changed by hand on event source mappings. It outlives restarts of the engine; a deployment with
 * other declared settings ends it, as a changed Terraform configuration does.
 */
export class MappingStore {
  private constructor(
    private readonly file: string,
    private readonly stored: Record<string, StoredMapping>,
  ) {}

  static async open(directory: string): Promise<MappingStore> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const file = path.join(directory, "mappings.json");
    const content = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "{}";
      throw error;
    });
    return new MappingStore(file, JSON.parse(content) as Record<string, StoredMapping>);
  }

  /** The settings in force, and when they last changed (milliseconds since the epoch). */
  async declare(
    uuid: string,
    settings: MappingSettings,
    now: number,
  ): Promise<{ settings: MappingSettings; lastModified: number }> {
    const declared = JSON.stringify(settings);
    let known = this.stored[uuid];
    if (known?.declared !== declared) {
      known = { declared, overrides: {}, lastModified: now };
      this.stored[uuid] = known;
      await this.#write();
    }
    return { settings: { ...settings, ...known.overrides }, lastModified: known.lastModified };
  }

  async override(uuid: string, changes: MappingOverrides, now: number): Promise<void> {
    const known = this.stored[uuid];
    if (!known) return;
    this.stored[uuid] = { ...known, overrides: { ...known.overrides, ...changes }, lastModified: now };
    await this.#write();
  }

  async remove(uuid: string): Promise<void> {
    if (!this.stored[uuid]) return;
    delete this.stored[uuid];
    await this.#write();
  }

  async #write(): Promise<void> {
    await writeFile(`${this.file}.new`, JSON.stringify(this.stored), { mode: 0o600 });
    await rename(`${this.file}.new`, this.file);
  }
}

/** The same function and queue always give the same UUID, so that scripts survive a new deployment. */
export function mappingUuid(functionName: string, queueArn: string): string {
  const hex = createHash("sha256").update(`${functionName}\n${queueArn}`).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
