import { formatAge } from "../terminal/format.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { TerraformEvent } from "./json-stream.ts";
import type { PlannedChange } from "./plan.ts";

/** Running resources that are shown at once. */
const MAX_SHOWN = 8;
const REDRAW_MS = 1_000;
/** Milliseconds after which a log without a terminal says that the work goes on. */
const SIGN_OF_LIFE_MS = 20_000;

const DOING: Record<string, string> = {
  create: "creating",
  update: "changing",
  delete: "destroying",
  replace: "replacing",
};
const DONE: Record<string, string> = {
  create: "created",
  update: "changed",
  delete: "destroyed",
  replace: "replaced",
};

export interface ShownApply {
  onEvent(event: TerraformEvent): void;
  /** A line that stays above the moving ones. */
  note(line: string): void;
  /** Resource steps that have come to their end. */
  done(): number;
  end(): void;
}

/** Shows what Terraform is doing to each resource, with timers of its own: the stream reports every 10 s only. */
export async function showApply(
  terminal: Terminal,
  changes: readonly PlannedChange[],
  now: () => number,
): Promise<ShownApply> {
  const live = await terminal.live();
  const tracker = new ApplyTracker(changes, now);
  let lastLine = now();
  const draw = () => {
    live.show(tracker.lines());
    if (now() - lastLine < SIGN_OF_LIFE_MS) return;
    lastLine = now();
    if (!terminal.interactive) for (const line of tracker.lines().slice(0, 2)) live.log(line);
  };
  const timer = setInterval(draw, REDRAW_MS);
  draw();
  return {
    onEvent(event) {
      const line = tracker.take(event);
      if (line === undefined) return;
      lastLine = now();
      const mark = line.failed ? terminal.color.red("✖") : terminal.color.green("✔");
      live.log(`  ${mark} ${line.text}`);
      draw();
    },
    // What Ctrl-C does must be seen, `--quiet` or not.
    note: (line) => (terminal.quiet ? terminal.warn(line) : live.log(line)),
    done: () => tracker.done,
    end() {
      clearInterval(timer);
      live.end();
    },
  };
}

/** What runs since when, told by events. Pure but for the clock it is given. */
export class ApplyTracker {
  /** Steps that ended well; a replacement is two steps. */
  done = 0;
  readonly #total: number;
  readonly #started: number;
  readonly #running = new Map<string, { doing: string; since: number }>();
  readonly #now: () => number;

  constructor(changes: readonly PlannedChange[], now: () => number) {
    this.#total = changes.reduce((sum, { action }) => sum + (action === "replace" ? 2 : 1), 0);
    this.#started = now();
    this.#now = now;
  }

  /** Takes an event in; returns a line when a step has ended. */
  take(event: TerraformEvent): { text: string; failed: boolean } | undefined {
    if (event.type !== "apply") return undefined;
    const { address } = event.resource;
    if (event.phase === "start") {
      this.#running.set(address, { doing: DOING[event.action] ?? event.action, since: this.#now() });
      return undefined;
    }
    if (event.phase === "progress") return undefined;
    const seconds = Math.round((this.#now() - (this.#running.get(address)?.since ?? this.#now())) / 1000);
    this.#running.delete(address);
    if (event.phase === "errored") return { text: `${address} failed after ${seconds} s`, failed: true };
    this.done++;
    return { text: `${address} ${DONE[event.action] ?? event.action} in ${seconds} s`, failed: false };
  }

  /** The moving lines: a headline, then the resources that take longest. */
  lines(): string[] {
    const age = (since: number) => formatAge(Math.floor((this.#now() - since) / 1000));
    const running = [...this.#running].sort(([, a], [, b]) => a.since - b.since);
    const lines = running
      .slice(0, MAX_SHOWN)
      .map(([address, { doing, since }]) => `  ${doing} ${address} ${age(since)}`);
    if (running.length > MAX_SHOWN) lines.push(`  and ${running.length - MAX_SHOWN} more`);
    return [
      `Applying: ${this.done} of ${this.#total} done, ${running.length} running, ${age(this.#started)}`,
      ...lines,
    ];
  }
}

/** Shows how many resources a plan has read so far. */
export async function showPlan(
  terminal: Terminal,
): Promise<{ onEvent(event: TerraformEvent): void; end(): void }> {
  const live = await terminal.live();
  if (!terminal.interactive) terminal.note("Planning ...");
  live.show(["Planning"]);
  let read = 0;
  return {
    onEvent(event) {
      if (event.type !== "refresh" || !event.done) return;
      read++;
      live.show([`Planning: ${read} things read`]);
    },
    end: () => live.end(),
  };
}
