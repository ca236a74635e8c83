import type { Layout } from "./columns.ts";
import { type DayFile, KINDS, type Kind } from "./day-file.ts";
import { contentOf, readFileHead } from "./day-input.ts";
import { type DaySet, earlierFile, lookForSet } from "./day-set.ts";
import { batchSize, deliverCustomers, deliverErrors } from "./deliver.ts";
import { FaultLog } from "./fault-log.ts";
import type { Invocation } from "./invocation.ts";
import { type Claim, Ledger } from "./ledger.ts";
import { fileReports, type RunReport, writeReport } from "./report.ts";
import { type DayInput, type DayResult, joinDay, MOST_CUSTOMERS, TooManyCustomers } from "./transform.ts";

/**
 * Does what an arrived file makes possible, until there is nothing left to do for its day. So whichever file comes
 * last starts the run, and a corrected one starts the next:
 *
 * 1. Where a file of the day is still to come, nothing. The last one's own message will find all three.
 * 2. The three current versions are a set, and its hash the run's id. A set that was completed before needs nothing.
 * 3. One invocation at a time works on a day, by a claim in the table. Where another message's invocation is at it,
 *    nothing: that one looks again in the end, and should it die, its message comes again.
 * 4. The run itself, {@link runSet}. Then look again: a corrected file may have come meanwhile.
 *
 * @param messageId of the queue message that told of the file
 */
export async function runDay(file: DayFile, messageId: string, run: Invocation): Promise<void> {
  const ledger = new Ledger(run, messageId);
  const { date } = file;
  for (;;) {
    const set = await lookForSet(file, run);
    if (Array.isArray(set)) {
      run.log("INFO", "the day waits for files", { date, missing: set });
      return;
    }
    const { runId } = set;
    const claim = await ledger.claim(set);
    if (claim === "done" || claim === "busy") {
      run.log("INFO", claim === "done" ? "the day is done" : "another invocation is at the day", {
        date,
        runId,
      });
      return;
    }
    const report = await runSet(claim, ledger, run);
    const { customers, messages, errors, outcome, files } = report;
    const rows = Object.fromEntries(
      files.map(({ kind, rows: count, rejected }) => [kind, { rows: count, rejected }]),
    );
    run.log("INFO", "day done", { date, runId, outcome, customers, messages, errors, ...rows });
  }
}

/**
 * Runs one set of files. An attempt that dies is repeated from the beginning, with the same outcome: the versions
 * are fixed, faults come in the same order, and every message has a fixed id. What was sent and noted is not sent
 * again; what was sent and not noted is: that can be a repeat, which consumers know by its id.
 */
async function runSet(claim: Claim, ledger: Ledger, run: Invocation): Promise<RunReport> {
  const { set } = claim;
  const started = new Date(run.now()).toISOString();
  const faults = new FaultLog(set, run);
  try {
    const joined = await join(set, faults, run);
    if (!("refused" in joined)) await tellVanished(claim, joined, faults, run);
    const errors = await faults.finish();
    const refused = "refused" in joined;
    const size = batchSize(errors.length + (refused ? 0 : joined.counts.customers.rows));
    await deliverErrors(errors, claim, size, ledger, run);
    const sent = refused
      ? { customers: 0, messages: 0 }
      : await deliverCustomers(joined.customers(), set, size, run);
    const report: RunReport = {
      runId: set.runId,
      date: set.date,
      outcome: refused ? "refused" : "processed",
      started,
      finished: new Date(run.now()).toISOString(),
      files: fileReports(set, refused ? undefined : joined.counts, faults, refused ? joined.refused : {}),
      ...sent,
      errors: errors.length,
    };
    await writeReport(report, run);
    await ledger.complete(claim, refused);
    return report;
  } catch (error) {
    await faults.abort().catch(() => undefined);
    throw error;
  }
}

/** Joins the files of a set, unless one can't be read at all: then every reason is a fault, and nothing is joined. */
async function join(
  set: DaySet,
  faults: FaultLog,
  run: Invocation,
): Promise<DayResult | { refused: Partial<Record<Kind, string>> }> {
  const refused: Partial<Record<Kind, string>> = {};
  const refuse = (kind: Kind, line: number | null, column: string | null, message: string) => {
    refused[kind] ??= message;
    faults.add(kind, { line, column, message, customerReference: null, orderReference: null });
  };
  const inputs: Partial<Record<Kind, DayInput>> = {};
  for (const kind of KINDS) {
    const file = set.files[kind];
    const head = await readFileHead(file, run);
    if (isLayout(head)) inputs[kind] = { layout: head, bytes: file.bytes, content: contentOf(file, run) };
    else for (const { column, message } of head) refuse(kind, 1, column, message);
  }
  const { customers, orders, items } = inputs;
  if (!customers || !orders || !items) return { refused };
  try {
    return await joinDay(
      { customers, orders, items },
      { onFault: (kind, fault) => faults.add(kind, fault), breathe: () => faults.drain() },
    );
  } catch (error) {
    if (!(error instanceof TooManyCustomers)) throw error;
    refuse("customers", null, null, `a day can have ${MOST_CUSTOMERS} customers, this file has more`);
    return { refused };
  }
}

/**
 * Tells of customers that an earlier version of their file had and this one has not. There is no message that takes
 * back theirs, so their records stay as they are; but somebody has to hear of it.
 */
async function tellVanished(
  { set, customersBefore }: Claim,
  joined: DayResult,
  faults: FaultLog,
  run: Invocation,
): Promise<void> {
  const { key, version } = set.files.customers;
  if (!customersBefore || (customersBefore.key === key && customersBefore.version === version)) return;
  const earlier = await earlierFile("customers", customersBefore, run);
  const layout = earlier && (await readFileHead(earlier, run));
  if (!layout || !isLayout(layout)) {
    run.log("WARN", "the earlier customers file is gone: who is in it alone can't be told", {
      ...customersBefore,
    });
    return;
  }
  const input = { layout, bytes: earlier.bytes, content: contentOf(earlier, run) };
  const message = `the customer was in version ${earlier.version} of this file, and is not any more; record and last message stay`;
  for await (const customerReference of joined.vanished(input)) {
    const column = "customer_reference";
    faults.add("customers", { line: null, column, message, customerReference, orderReference: null });
    await faults.drain();
  }
}

function isLayout(head: Awaited<ReturnType<typeof readFileHead>>): head is Layout {
  return !Array.isArray(head);
}
