import { hostname } from "node:os";
import { SqsBatches } from "../aws/sqs-batches.ts";
import type { Letter } from "../dead-letters/letter.ts";
import { EdpError, EXIT, InterruptedError } from "../errors.ts";
import { createRunId } from "../ingest/manifest.ts";
import { Feed } from "./feed.ts";
import { replayFile } from "./import-run.ts";
import { type Job, scopeOf } from "./job.ts";
import { closeEarlier, type Earlier, Ledger, ledgerDirectory, readEarlier } from "./ledger.ts";
import { Limiter } from "./limiter.ts";
import type { OutboundParts } from "./outbound.ts";
import { replayQueue } from "./run.ts";
import { Accounts } from "./tally.ts";
import { readFileMessages } from "./transfer.ts";
import { Trials } from "./trials.ts";
import type { ReplayedMessage, ReplayResult, Trial, Verification } from "./types.ts";
import { Pace } from "./verify/pace.ts";

/** A ledger that was touched within this, by a process that lives, is of a replay that runs. */
const ALIVE_MS = 30_000;
const HEARTBEAT_MS = 5_000;
/** Messages that go out before the verification knows of the first. */
const FIRST_ROOM = 100;

/**
 * Sends what the job selects, with its ledger, trials and verification.
 * @throws the error for which it had to end early, after a line that says how far it came
 */
export async function send(
  job: Job,
  result: ReplayResult,
  started: number,
  total: number,
): Promise<ReplayResult> {
  const { options, context, place, file, sources, pause } = job;
  const directory = ledgerDirectory(context.directory, place.env);
  const scope = scopeOf(job);
  const earlier = await readEarlier(directory, scope);
  refuseTwins(earlier, Date.now());
  const id = createRunId(context.now());
  const accounts = new Accounts();
  const stop = new AbortController();
  const halt = AbortSignal.any([context.signal, stop.signal]);
  const replayed = new Feed<ReplayedMessage>();
  const returned = new Feed<Letter>();
  const ledger = await Ledger.create(directory, {
    id,
    startedAt: new Date(context.now()).toISOString(),
    queues: sources.map(({ url }) => url),
    ...("import" in scope ? { import: scope.import } : {}),
  });
  const trials = options.tryLocal ? await openTrials(job) : undefined;
  const verification = options.verify ? await startVerification() : undefined;
  const progress = context.terminal.progress("Replaying", Math.min(total, options.max ?? total), "letters");
  const parts: OutboundParts = {
    clients: job.clients,
    batches: new SqsBatches(job.sqs, place.endpoint),
    ledger,
    earlier,
    limiter: new Limiter(options.rate, context.now, pause),
    pace: verification?.pace ?? Pace.unlimited(),
    budget: { left: options.max ?? Number.POSITIVE_INFINITY },
    accounts,
    rules: {
      select: job.select,
      edit: job.edit,
      trial: trials && ((letters) => trials.of(letters)),
      maxReplays: options.maxReplays,
    },
    startedMs: started,
    halt,
    now: context.now,
    onReplayed: (message) => replayed.push(message),
    onReturned: (letter) => returned.push(letter),
  };
  // Shows others that this replay is alive, also while it waits.
  const heartbeat = setInterval(() => ledger.touch(Date.now()), HEARTBEAT_MS);
  let clean = false;
  // A file of which something was not sent stays open in the ledger: when it is imported again, that goes on.
  const whole = () => file === undefined || accounts.total.found - accounts.total.failed === file.messages;
  try {
    await sendAll(job, parts, () => progress.update(accounts.total.found));
    await trials?.close();
    clean = true;
  } catch (error) {
    const { replayed: sent } = accounts.total;
    context.terminal.warn(
      `${sent} were replayed before this; every other letter is where it was. Run the same command again to go on.`,
    );
    throw error;
  } finally {
    clearInterval(heartbeat);
    progress.end();
    replayed.end();
    returned.end();
    const { undeleted } = accounts.total;
    ledger.close(clean && whole() ? { at: new Date(context.now()).toISOString(), undeleted } : null);
    // Its processes and its port would keep this program alive.
    if (!clean) await trials?.close();
    if (!clean) await verification?.done.catch(() => undefined);
  }
  const { elsewhere, left, skipped, failed } = accounts.total;
  // A FIFO group that is locked by what was passed over may hide letters that were sent before.
  const drained = elsewhere === 0 && (left === 0 || sources.every(({ fifo }) => !fifo));
  const unseen = (left ?? 0) - skipped - failed;
  if (unseen > 0 && !halt.aborted && parts.budget.left > 0 && sources.some(({ fifo }) => fifo)) {
    context.terminal.warn(
      `${unseen} letters lie behind others of their FIFO group that were not replayed: SQS shows ten of a group at most.`,
    );
  }
  const all = file ? whole() : !halt.aborted && parts.budget.left > 0 && drained;
  if (all) {
    await closeEarlier(
      earlier.unfinished.map((one) => one.file),
      new Date(context.now()).toISOString(),
      id,
    );
  }
  if (context.signal.aborted) throw interrupted(accounts);
  const verified = verification ? await verification.done : null;
  if (context.signal.aborted) throw interrupted(accounts);
  return {
    ...result,
    ...accounts.total,
    replayId: id,
    ledger: ledger.file,
    queues: accounts.queues,
    skippedBecause: accounts.skippedBecause,
    failures: accounts.failures,
    trials: trials
      ? trials.failed.map(({ letter, reason }) => ({ messageId: letter.messageId, reason }))
      : null,
    maybeDoubled: accounts.maybeDoubled,
    verified,
  };

  async function startVerification(): Promise<{ pace: Pace; done: Promise<Verification> }> {
    const { verifyReplay } = await import("./verify/verify.ts");
    const pace = new Pace(FIRST_ROOM);
    const done = verifyReplay(
      replayed,
      {
        context,
        place,
        clients: job.clients,
        sources,
        maxFailures: options.maxFailures,
        pace,
        timeoutMs: options.timeoutSeconds * 1000,
        returned,
        stop: (reason) => stop.abort(new Error(reason)),
      },
      job.pause,
    );
    // Taken up below; until then a failure must not end the process.
    done.catch(() => stop.abort());
    return { pace, done };
  }
}

async function sendAll(job: Job, parts: OutboundParts, onProgress: () => void): Promise<void> {
  const { options, sources, routers, explainers, context, sqs, pause, waitSeconds } = job;
  if (options.importFile !== undefined) {
    const routerOf = (queue: string) => {
      const router = routers.get(queue);
      if (!router) throw new Error(`no way back is known for ${queue}`);
      return router;
    };
    const messages = readFileMessages(options.importFile);
    return replayFile(options.importFile, messages, routerOf, options.to === undefined, {
      ...parts,
      onProgress,
    });
  }
  const byMax = Math.ceil((options.max ?? Number.POSITIVE_INFINITY) / 10);
  for (const source of sources) {
    const router = routers.get(source.url);
    if (!router || parts.halt.aborted || source.depth.visible + source.depth.inFlight === 0) continue;
    await replayQueue(source, {
      ...parts,
      sqs,
      router,
      explainer: explainers.get(source.url),
      pause,
      waitSeconds,
      parallel: Math.min(job.parallel, byMax, Math.ceil((options.rate ?? Number.POSITIVE_INFINITY) / 10)),
      onProgress,
      onWaiting: (hidden) =>
        context.terminal.debug(
          `${hidden} letters of ${source.name} are still hidden by a replay that was killed`,
        ),
    });
  }
}

async function openTrials(job: Job): Promise<Trials> {
  const { tryLocally } = await import("./try-local/try-local.ts");
  const { context, place, clients, options } = job;
  const parts = { context, place, clients, pipelines: options.pipelines };
  return new Trials((letters): AsyncIterable<Trial> => tryLocally(letters, parts));
}

/** Two replays of one queue would send the same letters twice. */
function refuseTwins({ unfinished }: Earlier, now: number): void {
  const twin = unfinished.find(
    ({ start, touchedMs, killed }) => killed && now - touchedMs < ALIVE_MS && isRunning(start),
  );
  if (!twin) return;
  throw new EdpError(
    "REPLAY_RUNNING",
    EXIT.usage,
    `A replay of this queue is running (process ${twin.start.pid}).`,
    {
      hint: "Wait for it to end, or stop it with Ctrl-C; then run this again.",
    },
  );
}

function isRunning({ pid, host }: { pid: number; host: string }): boolean {
  if (host !== hostname() || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function interrupted(accounts: Accounts): InterruptedError {
  const { replayed, undeleted } = accounts.total;
  return new InterruptedError(
    `Interrupted: ${replayed} replayed${undeleted > 0 ? ` (${undeleted} of them not deleted yet)` : ""}, every other letter is where it was.`,
    { hint: "Run the same command again to go on." },
  );
}
