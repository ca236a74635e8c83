import cliProgress from "cli-progress";
import type { Progress } from "./terminal.ts";

/** Milliseconds between two plain progress lines where there is no terminal. */
const PLAIN_INTERVAL_MS = 5_000;

/** A progress bar with count, rate and remaining time on stderr. */
export function startBar(label: string, total: number | undefined, unit: string): Progress {
  const started = Date.now();
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format:
      total === undefined
        ? `${label} {value} ${unit} {rate}/s`
        : `${label} {bar} {value}/{total} ${unit} {rate}/s, {eta_formatted} left`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    // Updates the remaining time is reckoned from; one comes with every object.
    etaBuffer: 500,
    clearOnComplete: true,
    stopOnComplete: false,
    // The command ends the bar itself, at Ctrl-C too.
    gracefulExit: false,
  });
  bar.start(total ?? 0, 0, { rate: "0" });
  return {
    update(done, newTotal) {
      if (newTotal !== undefined) bar.setTotal(newTotal);
      bar.update(done, { rate: rate(done, Date.now() - started) });
    },
    end(summary) {
      bar.stop();
      if (summary) process.stderr.write(`${summary}\n`);
    },
  };
}

/** The same measure as plain lines: one every five seconds, for logs and pipes. */
export function plainProgress(
  label: string,
  total: number | undefined,
  unit: string,
  line: (text: string) => void,
  now: () => number,
): Progress {
  const started = now();
  let last = started;
  let known = total;
  return {
    update(done, newTotal) {
      known = newTotal ?? known;
      if (now() - last < PLAIN_INTERVAL_MS) return;
      last = now();
      const of = known === undefined ? "" : `/${known}`;
      line(`${label}: ${done}${of} ${unit} (${rate(done, last - started)}/s)`);
    },
    end(summary) {
      if (summary) line(summary);
    },
  };
}

function rate(done: number, elapsedMs: number): string {
  return elapsedMs <= 0 ? "0" : (done / (elapsedMs / 1000)).toFixed(0);
}
