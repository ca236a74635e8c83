import { stat } from "node:fs/promises";
import path from "node:path";
import type { Context } from "../../context.ts";
import type { EventsOrigin } from "../manifest.ts";
import type { Pause } from "../pause.ts";
import type { EntityKind, EventSource } from "./event.ts";
import { fileSource } from "./file.ts";
import { type StoreEntity, sampleEntities } from "./sample.ts";
import { entitySource, type ListEntities, sampleSource, siteSource } from "./sources.ts";
import { FakeStore } from "./store.ts";

/** What is sent; kept in the manifest, so that a later run can go on with it. */
export type EventInput =
  /** Events of a file, or with a type entities as the Fake Store gives them. */
  | { kind: "file"; file: string; entityType: string | null }
  /** So many events of a made-up shop. */
  | { kind: "sample"; count: number }
  /** Entities of the Fake Store, or made up. */
  | { kind: "entities"; offline: boolean; what: EntityKind[] }
  /** Events of a site that sells the store's products; null for without end. */
  | { kind: "site"; offline: boolean; what: EntityKind[]; count: number | null };

export interface OpenedInput {
  source: EventSource;
  close(): Promise<void>;
}

/** Mean time between two made-up events where no rate is asked for. */
const GAP_MS = 10;

/** Opens an input. @throws InvalidInputError when its file does not exist, or EDP_FAKESTORE_URL is wrong */
export async function openInput(
  context: Context,
  { input, seed, rate, startMs }: EventsOrigin,
  pause: Pause,
): Promise<OpenedInput> {
  const site = { seed, startMs, meanGapMs: rate === null ? GAP_MS : 1000 / rate };
  const close = async () => {};
  if (input.kind === "file") {
    const file = path.resolve(context.directory, input.file);
    return { source: await fileSource(file, input.entityType ?? undefined), close };
  }
  if (input.kind === "sample") return { source: sampleSource(input.count, site), close };
  const store = input.offline ? undefined : FakeStore.open(context, pause);
  const list = once(async (kind) => (store ? store.list(kind) : sampleEntities(kind, seed)));
  const source =
    input.kind === "entities"
      ? entitySource(input.what, list)
      : siteSource(list, { ...site, kinds: input.what, count: input.count ?? undefined });
  return { source, close: async () => store?.close() };
}

/** What tells whether an input's file has changed since; null for an input that is no file. */
export async function fileStamp(context: Context, input: EventInput): Promise<EventsOrigin["file"]> {
  if (input.kind !== "file") return null;
  const info = await stat(path.resolve(context.directory, input.file)).catch(() => null);
  return info && { bytes: info.size, modifiedMs: info.mtimeMs };
}

/** Asks for each kind once. */
function once(list: ListEntities): ListEntities {
  const lists = new Map<EntityKind, Promise<StoreEntity[]>>();
  return (kind) => {
    const listed = lists.get(kind) ?? list(kind);
    lists.set(kind, listed);
    return listed;
  };
}
