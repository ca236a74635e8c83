import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import { AwsError, type EngineParts, LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";
import { AppendLog } from "../storage/append-log.ts";
import type { NewEvent } from "./store/event.ts";
import { EventStore } from "./store/event-store.ts";

const DAY_MS = 24 * 3600 * 1000;
/** How often expired events are looked for, in milliseconds. */
const EXPIRE_EVERY_MS = 3600 * 1000;
const COMPACT_ABOVE = 1_000;

export interface LogStream {
  name: string;
  /** Number within the group, never given twice. */
  number: number;
  creationTime: number;
}

export interface LogGroup {
  name: string;
  /** Folder of its events; a new one each time a group of this name is created. */
  folder: string;
  creationTime: number;
  /** Absent: kept for ever. */
  retentionDays?: number;
  tags: Record<string, string>;
  streams: Map<string, LogStream>;
  nextStream: number;
}

export type AppendListener = (group: LogGroup, events: readonly NewEvent[]) => void;

type GroupState = Omit<LogGroup, "streams">;
type Entry =
  | { group: GroupState }
  | { removed: string }
  | { stream: LogStream; of: string }
  | { removedStream: string; of: string };

/** The log groups and their streams. What is asked of them is on disk before it resolves. */
export class LogGroups {
  #groups = new Map<string, LogGroup>();
  #stores = new Map<string, Promise<EventStore>>();
  #log: AppendLog<Entry> | undefined;
  #directory: string;
  #cancelExpiry = () => {};
  #listeners = new Set<AppendListener>();
  #compacting = false;

  private constructor(private readonly parts: EngineParts) {
    this.#directory = path.join(parts.dataDirectory, "logs");
  }

  static async open(parts: EngineParts): Promise<LogGroups> {
    const groups = new LogGroups(parts);
    const file = path.join(groups.#directory, "groups.log");
    groups.#log = await AppendLog.open<Entry>(file, (entry) => groups.#apply(entry));
    groups.#scheduleExpiry();
    return groups;
  }

  /** All groups by name. */
  all(): LogGroup[] {
    return [...this.#groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): LogGroup | undefined {
    return this.#groups.get(name);
  }

  /** @throws AwsError ResourceNotFoundException */
  get(name: string): LogGroup {
    const group = this.#groups.get(name);
    if (!group) throw new AwsError("ResourceNotFoundException", "The specified log group does not exist.");
    return group;
  }

  /** @throws AwsError ResourceNotFoundException */
  stream(group: LogGroup, name: string): LogStream {
    const stream = group.streams.get(name);
    if (!stream) throw new AwsError("ResourceNotFoundException", "The specified log stream does not exist.");
    return stream;
  }

  async create(
    name: string,
    settings: Partial<Pick<LogGroup, "retentionDays" | "tags">> = {},
  ): Promise<LogGroup> {
    const state: GroupState = {
      name,
      folder: randomUUID(),
      creationTime: this.parts.clock.now(),
      tags: {},
      nextStream: 1,
      ...settings,
    };
    await this.#store({ group: state });
    return this.get(name);
  }

  /** Changes retention or tags. */
  async change(group: LogGroup, changes: Partial<Pick<LogGroup, "retentionDays" | "tags">>): Promise<void> {
    const { streams: _, ...state } = group;
    await this.#store({ group: { ...state, ...changes } });
  }

  async remove(group: LogGroup): Promise<void> {
    const store = await this.events(group);
    await this.#store({ removed: group.name });
    this.#stores.delete(group.folder);
    await store.close();
    await rm(store.directory, { recursive: true, force: true });
  }

  async createStream(group: LogGroup, name: string): Promise<LogStream> {
    const stream = { name, number: group.nextStream, creationTime: this.parts.clock.now() };
    await this.#store({ stream, of: group.name });
    return stream;
  }

  /** Its events are no longer found; retention deletes them. */
  async removeStream(group: LogGroup, name: string): Promise<void> {
    await this.#store({ removedStream: name, of: group.name });
  }

  /** Appends events to a group; resolves once they are on disk, and then tells who listens. */
  async append(group: LogGroup, events: readonly NewEvent[]): Promise<void> {
    await (await this.events(group)).append(events);
    for (const listener of this.#listeners) listener(group, events);
  }

  /** Tells `listener` of everything that is appended from now on. Returns a function that ends it. */
  onAppend(listener: AppendListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The events of a group. */
  events(group: LogGroup): Promise<EventStore> {
    const known = this.#stores.get(group.folder);
    if (known) return known;
    const opened = EventStore.open(path.join(this.#directory, group.folder));
    this.#stores.set(group.folder, opened);
    return opened;
  }

  /** Earliest time whose events are still kept. */
  retainedFrom(group: LogGroup): number {
    return group.retentionDays === undefined ? 0 : this.parts.clock.now() - group.retentionDays * DAY_MS;
  }

  async close(): Promise<void> {
    this.#cancelExpiry();
    await this.#log?.close();
    for (const store of this.#stores.values()) await (await store).close();
  }

  /** Applied before it is written, so that a compaction in between finds it. */
  async #store(entry: Entry): Promise<void> {
    const log = this.#log;
    if (!log) throw new Error("the log groups are not open");
    this.#apply(entry);
    await log.append(entry);
    if (this.#compacting || log.records <= COMPACT_ABOVE || log.records <= 4 * this.#liveCount()) return;
    this.#compacting = true;
    try {
      await log.compact(() => this.#live());
    } catch (error) {
      // The entry is stored, in a file that is only longer than it need be.
      this.parts.log(`${log.file} could not be shortened: ${(error as Error).message}`);
    } finally {
      this.#compacting = false;
    }
  }

  #apply(entry: Entry): void {
    if ("group" in entry) {
      const streams = this.#groups.get(entry.group.name)?.streams ?? new Map<string, LogStream>();
      this.#groups.set(entry.group.name, { ...entry.group, streams });
      return;
    }
    if ("removed" in entry) {
      this.#groups.delete(entry.removed);
      return;
    }
    const group = this.#groups.get(entry.of);
    if (!group) return;
    if ("stream" in entry) {
      group.streams.set(entry.stream.name, entry.stream);
      group.nextStream = Math.max(group.nextStream, entry.stream.number + 1);
    } else {
      group.streams.delete(entry.removedStream);
    }
  }

  #liveCount(): number {
    let count = this.#groups.size;
    for (const group of this.#groups.values()) count += group.streams.size;
    return count;
  }

  *#live(): Generator<Entry> {
    for (const { streams, ...group } of this.#groups.values()) {
      yield { group };
      for (const stream of streams.values()) yield { stream, of: group.name };
    }
  }

  #scheduleExpiry(): void {
    this.#cancelExpiry = this.parts.clock.after(EXPIRE_EVERY_MS, () => {
      void this.#expire();
      this.#scheduleExpiry();
    });
  }

  async #expire(): Promise<void> {
    for (const group of this.all()) {
      if (group.retentionDays === undefined) continue;
      try {
        await (await this.events(group)).expire(this.retainedFrom(group));
      } catch (error) {
        this.parts.log(`${group.name}: expired events were not deleted: ${(error as Error).message}`);
      }
    }
  }
}

/** ARN of a group; DescribeLogGroups shows it with `:*` behind, too. */
export function logGroupArn(name: string): string {
  return `arn:aws:logs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:log-group:${name}`;
}

/** The group's name from a name or an ARN, with or without `:*`. */
export function logGroupName(identifier: string): string {
  return /^arn:[^:]+:logs:[^:]*:[^:]*:log-group:([^:]+)/.exec(identifier)?.[1] ?? identifier;
}
