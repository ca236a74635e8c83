import { InvalidInputError } from "../errors.ts";
import { confirmTyped } from "../terminal/confirm.ts";
import { counted } from "../terminal/format.ts";
import { explained } from "./explain-letters.ts";
import { filledQueues, type Job, scopeOf, visible } from "./job.ts";
import { ledgerDirectory, readEarlier } from "./ledger.ts";
import { replaysSoFar } from "./replays-so-far.ts";
import type { Router } from "./router.ts";
import { lookAll, survey } from "./survey.ts";
import { readFileMessages } from "./transfer.ts";
import type { Preview } from "./types.ts";

/** Says how much lies where, before anything is done. */
export function announce({ context, place, sources, file }: Job, total: number): void {
  const { terminal } = context;
  const where =
    place.endpoint ?? `${place.deployment ? `account ${place.deployment.accountId}, ` : ""}${place.region}`;
  terminal.note(`${place.env} (${where})`);
  if (file) terminal.note(`  ${total} messages in the file`);
  for (const { name, depth } of sources) {
    if (depth.visible + depth.inFlight + depth.delayed === 0) continue;
    const hidden = depth.inFlight > 0 ? `, ${depth.inFlight} in flight with other consumers` : "";
    terminal.note(`  ${name}: ${counted(depth.visible, "dead letter")}${hidden}`);
  }
}

/** Looks through letters, `most` of them, without consuming: what a replay would do. */
export async function look(job: Job, most: number, total: number): Promise<Preview> {
  const { context, options, sqs, sources, routers, file, parallel, waitSeconds } = job;
  const progress = context.terminal.progress("Looking", total, "letters");
  const queues = filledQueues(job);
  const raw = file
    ? fileLetters(options.importFile ?? "", routers)
    : lookAll(sqs, queues, { parallel, waitSeconds, now: context.now, signal: context.signal });
  const letters = explained(raw, job.explainers);
  try {
    const { select, edit } = job;
    const earlier = await readEarlier(ledgerDirectory(context.directory, job.place.env), scopeOf(job));
    const preview = await survey(letters, {
      select,
      replayedTooOften: (letter) => replaysSoFar(letter, earlier) >= options.maxReplays,
      edit,
      most,
      max: options.max,
      now: context.now,
      onProgress: (n) => progress.update(n),
    });
    const partial = preview.partial || (!file && preview.looked < visible(sources));
    return { ...preview, partial };
  } finally {
    progress.end();
  }
}

async function* fileLetters(file: string, routers: ReadonlyMap<string, Router>) {
  for await (const { letter, queue } of readFileMessages(file)) {
    const router = routers.get(queue);
    if (router) yield { letter, router, queue };
  }
}

/** @throws InvalidInputError where the edit fails for a letter: nothing has been sent yet */
export function checkEdits({ failures }: Preview): void {
  const fault = failures.find(({ code }) => code === "EDIT_FAILED");
  if (!fault) return;
  throw new InvalidInputError(
    `${fault.message} (message ${fault.messageId}${more(fault.count)}); nothing was sent.`,
    {
      code: "EDIT_FAILED",
      hint: "Correct the file, or return null for letters that it isn't meant for, or narrow them with --where.",
    },
  );
}

function more(count: number): string {
  return count > 1 ? ` and ${count - 1} more` : "";
}

/** Asks with the count; the name has to be typed. @throws InterruptedError, UsageError */
export async function ask(
  { options, context, sources, file }: Job,
  preview: Preview | null,
  total: number,
): Promise<void> {
  const most = Math.min(
    options.max ?? Number.POSITIVE_INFINITY,
    preview?.partial ? total : (preview?.selected ?? total),
  );
  if (most === 0) return;
  const pipelines = [...new Set(sources.map(({ pipeline }) => pipeline))];
  const named = pipelines.length === 1 ? (pipelines[0] ?? sources[0]?.name) : context.env;
  const about = preview?.partial ? "up to " : "";
  const what = counted(most, file ? "message" : "dead letter");
  await confirmTyped(context, `Replay ${about}${what}${file ? " of the file" : ""}?`, named ?? context.env);
}
