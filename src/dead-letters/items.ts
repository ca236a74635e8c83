import type { CauseGroup } from "./groups.ts";
import type { LetterRow } from "./row.ts";

/** One line under `--json`, and one piece of the view for people. */
export type DeadLetterItem = QueueItem | GroupItem | LetterItem | CountItem | NoteItem;

/** A queue that was looked through. */
export interface QueueItem {
  type: "queue";
  queue: string;
  url: string;
  pipeline: string | null;
  /** Letters seen, and how many the queue reports; they differ on FIFO queues and beside other consumers. */
  letters: number;
  reported: number;
  /** Letters that `--where` selects; null without it. */
  selected: number | null;
  oldestAgeSeconds: number | null;
}

export interface GroupItem extends CauseGroup {
  type: "group";
  queue: string;
}

export interface LetterItem extends LetterRow {
  type: "letter";
  queue: string;
  /** It came while the queue was followed. */
  arrived: boolean;
}

/** Letters have left a queue that is followed. */
export interface CountItem {
  type: "count";
  queue: string;
  time: string;
  letters: number;
  left: number;
}

export interface NoteItem {
  type: "note";
  queue: string;
  message: string;
}
