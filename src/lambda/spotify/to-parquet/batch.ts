import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { Claims } from "../../shared/claims.ts";
import { PermanentFault } from "../../shared/faults.ts";
import { ByteBudget, eachLimited } from "../../shared/parallel.ts";
import { abandon, type Converted, convert } from "./convert.ts";
import { heldBytes, type Invocation, MAX_PARALLEL } from "./invocation.ts";
import { leaseMs, type Output, Outputs } from "./output.ts";
import { logRejection, report } from "./report.ts";
import { settleFault } from "./settle.ts";
import { type Ending, openMessages, type Work } from "./work.ts";

/** Share of the time kept for writing outputs and reporting: nothing new is read in it. */
const RESERVED_SHARE = 0.25;

/**
 * Turns a batch of queue messages into Parquet files, dead letters and claims. A message is a batch item
 * failure when any of its objects has to be tried again; nothing that one object does fails another.
 */
export async function convertBatch(
  records: readonly SQSRecord[],
  run: Invocation,
): Promise<SQSBatchResponse> {
  const { messages, works } = openMessages(records);
  await convertAll(works, new Claims(run.s3, run.environment.staging, run.now), run);
  const failures = await report(messages, works, run);
  return { batchItemFailures: [...failures].map((itemIdentifier) => ({ itemIdentifier })) };
}

async function convertAll(works: Work[], claims: Claims, run: Invocation): Promise<void> {
  const reservedMs = run.remainingMs() * RESERVED_SHARE;
  const inputBytes = works.reduce((sum, { event }) => sum + event.size, 0);
  const outputs = new Outputs(run, leaseMs(inputBytes, run.remainingMs()));
  const budget = new ByteBudget(heldBytes(run.memoryBytes));
  const written = new Map<Output, Work[]>();
  await eachLimited(works, MAX_PARALLEL, (work) =>
    budget.hold(work.event.size, async () => {
      if (run.remainingMs() <= reservedMs) return;
      work.ending = await ending(work, claims, run, async () => {
        const converted = await convert(work.event, outputs, claims, run);
        if (converted.kind === "written" && !converted.complete) {
          const together = written.get(converted.output) ?? [];
          together.push(work);
          written.set(converted.output, together);
        }
        return converted;
      });
    }),
  );
  await Promise.all(outputs.all().map((output) => completeOutput(output, written.get(output) ?? [], run)));
}

async function ending(
  work: Work,
  claims: Claims,
  run: Invocation,
  conversion: () => Promise<Converted>,
): Promise<Ending> {
  const { event } = work;
  if (event.key.endsWith("/") && event.size === 0) return { kind: "ignored" };
  try {
    try {
      const converted = await conversion();
      return converted.kind === "written" ? { kind: "processed", output: converted.output.key } : converted;
    } catch (error) {
      if (!(error instanceof PermanentFault)) throw error;
      const settled = await settleFault(event, error.fault, work.replayed, claims, run);
      if (settled === "rejected") logRejection(work, error.fault, run);
      return settled === "deadLettered" ? { kind: "faulty", fault: error.fault } : { kind: settled };
    }
  } catch (error) {
    return { kind: "retry", reason: describe(error) };
  }
}

/** An output that fails takes its objects with it: they come again, and are claimed anew. */
async function completeOutput(output: Output, works: Work[], run: Invocation): Promise<void> {
  try {
    if (works.length > 0) return await output.complete();
  } catch (error) {
    for (const work of works) work.ending = { kind: "retry", reason: `${output.key}: ${describe(error)}` };
  }
  await abandon(output, run);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
