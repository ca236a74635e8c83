import type { LogSource, TailEvent } from "./event.ts";
import type { Sourced } from "./follow.ts";
import { Invocations } from "./invocations.ts";
import { parseMessage } from "./message.ts";
import { isSelected, type Selection } from "./selection.ts";

/** Out of order by more than this counts as late; less is the nature of many streams. */
const LATE_MS = 1_000;

/** One event with what its place in the view needs. As JSON it is the event alone. */
export class TailLine {
  constructor(
    readonly event: TailEvent,
    readonly view: {
      /** Width of the label column; 0 where one source needs no label. */
      labelWidth: number;
      label: string;
      /** The event is of another day (UTC) than the one before. */
      newDay: boolean;
    },
  ) {}

  toJSON(): TailEvent {
    return this.event;
  }
}

/** Turns raw events into lines, in the order in which they are shown. */
export class LineMaker {
  #invocations = new Invocations();
  #labelWidth: number;
  #latest = Number.NEGATIVE_INFINITY;
  #day: string;

  /** @param today ISO date: events of another day say so */
  constructor(
    sources: readonly LogSource[],
    private readonly selection: Selection,
    today: string,
  ) {
    this.#labelWidth = sources.length > 1 ? Math.max(...sources.map(({ label }) => label.length)) : 0;
    this.#day = today;
  }

  /** The line of an event; undefined when it isn't selected. */
  line({ source, event: raw }: Sourced): TailLine | undefined {
    const parsed = parseMessage(raw.message);
    const requestId = this.#invocations.requestIdOf(`${source.group}\n${raw.stream}`, parsed);
    const late = raw.timestamp < this.#latest - LATE_MS;
    const event: TailEvent = {
      time: isoTime(raw.timestamp),
      pipeline: source.pipeline,
      function: source.function,
      logGroup: source.group,
      logStream: raw.stream,
      ...parsed,
      requestId,
      ...(late ? { late } : {}),
    };
    if (!isSelected(this.selection, event, raw.message)) return undefined;
    this.#latest = Math.max(this.#latest, raw.timestamp);
    const day = event.time.slice(0, 10);
    const newDay = day !== this.#day;
    this.#day = day;
    return new TailLine(event, { labelWidth: this.#labelWidth, label: source.label, newDay });
  }
}

/** ISO 8601; a time beyond what a date can be is shown as its bound. */
function isoTime(time: number): string {
  return new Date(Math.min(Math.max(time, 0), 8.64e15)).toISOString();
}
