import { AppendLog } from "../storage/append-log.ts";

/** A queue's own settings, and what compaction would otherwise forget. The last one in the file counts. */
export interface QueueRecord {
  t: "queue";
  /** Tells a queue from an earlier one of the same name. */
  id: string;
  name: string;
  createdAt: number;
  modifiedAt: number;
  attributes: Record<string, string>;
  tags: Record<string, string>;
  /** Ordinal of the next message. */
  next: number;
}

/** A message in the queue: sent now, or still there when the journal was compacted. */
export interface MessageRecord {
  t: "message";
  n: number;
  id: string;
  at: number;
  /** arrivedAt where it differs from `at`. */
  in?: number;
  /** visibleAt where it is later than arrival. */
  v?: number;
  /** segment, offset, length, crc of the content. */
  b: [number, number, number, number];
  g?: string;
  d?: string;
  src?: string;
  rc?: number;
  before?: number;
  first?: number;
  /** Lease: when it began, and 1 when it is the engine's own. */
  lease?: [number, 0 | 1];
}

/** Messages that were received, until when they are leased, and 1 for the engine's own lease. */
export interface ReceiveRecord {
  t: "receive";
  n: number[];
  at: number;
  until: number;
  engine: 0 | 1;
}

/** Leases that were made longer or shorter. */
export interface VisibilityRecord {
  t: "visibility";
  n: number[];
  until: number;
}

export interface DeleteRecord {
  t: "delete";
  n: number[];
}

/** A deduplication id that outlives its message. */
export interface DeduplicationRecord {
  t: "deduplication";
  key: string;
  id: string;
  n: number;
  at: number;
}

export type JournalRecord =
  | QueueRecord
  | MessageRecord
  | ReceiveRecord
  | VisibilityRecord
  | DeleteRecord
  | DeduplicationRecord;

/** Records beyond twice the live ones that a journal may hold before it is compacted. */
const SLACK_RECORDS = 2_000;

/** What one commit writes and then does to the state in memory. */
export interface Change<T> {
  records: JournalRecord[];
  apply(): T;
}

/**
 * A queue's journal. A change is written first and applied to the state in memory after, in the same order;
 * compaction waits until every written change has been applied, so that it never misses one.
 */
export class Journal {
  #open = 0;
  #compacting: Promise<void> | null = null;
  #idle: (() => void) | null = null;

  private constructor(
    readonly log: AppendLog<JournalRecord>,
    readonly live: () => JournalRecord[],
  ) {}

  /** Reads the file, handing every record to `replay`. `live` gives the records that make up the state. */
  static async open(
    file: string,
    replay: (record: JournalRecord) => void,
    live: () => JournalRecord[],
  ): Promise<Journal> {
    return new Journal(await AppendLog.open<JournalRecord>(file, replay), live);
  }

  /** Builds a change, writes its records and applies it. Nothing is applied when writing fails. */
  async commit<T>(build: () => Change<T>): Promise<T> {
    while (this.#compacting) await this.#compacting;
    const change = build();
    this.#open++;
    try {
      await this.log.append(...change.records);
      return change.apply();
    } finally {
      this.#open--;
      if (this.#open === 0) this.#idle?.();
    }
  }

  /** Compacts when dead records outweigh the `liveRecords`. Commits made meanwhile wait. */
  async compactWhenWorthwhile(liveRecords: number): Promise<void> {
    if (this.#compacting || this.log.records < 2 * liveRecords + SLACK_RECORDS) return;
    const compaction = this.#compact().finally(() => {
      this.#compacting = null;
    });
    // Commits only wait for its end; whether it failed is for the caller.
    this.#compacting = compaction.catch(() => {});
    await compaction;
  }

  async close(): Promise<void> {
    while (this.#compacting) await this.#compacting;
    await this.#drained();
    await this.log.close();
  }

  async #compact(): Promise<void> {
    await this.#drained();
    await this.log.compact(this.live);
  }

  #drained(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = () => {
        this.#idle = null;
        resolve();
      };
    });
  }
}
