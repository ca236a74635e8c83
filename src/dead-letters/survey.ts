import type { Clients } from "../aws/clients.ts";
import { queueDepth } from "../aws/queues.ts";
import type { Context } from "../context.ts";
import type { Letter } from "./letter.ts";
import { findLoggedCauses } from "./logged-causes.ts";
import { lookThrough, MOST_LETTERS } from "./look.ts";
import type { DeadLetterQueue } from "./queues.ts";
import { type LetterRow, rowOf } from "./row.ts";

const RECEIVERS = { local: 8, aws: 16 };

/** What surveys of the same queues share. */
export interface SurveyParts {
  clients: Clients;
  context: Context;
  /** Log groups to search for causes besides those of the queue's own functions. */
  logGroups: readonly string[];
  where: ((letter: Letter) => boolean) | undefined;
  /** AWS itself, not the local engine or an emulator. */
  onAws: boolean;
}

/** What lies in a dead-letter queue. */
export interface Survey {
  rows: LetterRow[];
  /** Those that `--where` selects, all without it. */
  selected: LetterRow[];
  /** Messages that the queue reports, in flight ones included. */
  reported: number;
  /** Why causes could not be searched for, or letters not be seen; one sentence each. */
  problems: string[];
}

/**
 * Looks through one dead-letter queue without consuming, with a progress bar, and searches the functions' logs for the
 * causes that the letters don't carry.
 */
export async function surveyQueue(queue: DeadLetterQueue, parts: SurveyParts): Promise<Survey> {
  const { clients, context, where, onAws } = parts;
  const sqs = await clients.sqs();
  const depth = await queueDepth(sqs, queue.url);
  const reported = (depth?.visible ?? 0) + (depth?.inFlight ?? 0);
  const survey: Survey = { rows: [], selected: [], reported, problems: [] };
  // Nothing is there: a look would only wait for it.
  if (reported === 0 && !onAws) return survey;
  const unexplained: Letter[] = [];
  const progress = context.terminal.progress(`Looking into ${queue.name}`, reported, "messages");
  const take = (letter: Letter) => {
    const row = rowOf(letter, context.now());
    survey.rows.push(row);
    if (!where || where(letter)) survey.selected.push(row);
  };
  try {
    let seen = 0;
    for await (const letter of lookThrough(sqs, queue.url, {
      parallel: onAws ? RECEIVERS.aws : RECEIVERS.local,
      waitSeconds: onAws ? 1 : 0,
      now: context.now,
      signal: context.signal,
    })) {
      progress.update(++seen, Math.max(seen, reported));
      if (letter.evidence.origin === null) unexplained.push(letter);
      else take(letter);
    }
  } finally {
    progress.end();
  }
  const logGroups = [...new Set([...queue.logGroups, ...parts.logGroups])];
  const { letters, problems } =
    logGroups.length > 0 && unexplained.length > 0
      ? await findLoggedCauses(await clients.logs(), logGroups, unexplained, context.signal)
      : { letters: unexplained, problems: [] };
  for (const letter of letters) take(letter);
  survey.problems = [...problems, ...shortfall(survey)];
  return survey;
}

/** Says why fewer letters were seen than the queue reports. */
function shortfall({ rows, reported }: Survey): string[] {
  if (rows.length >= MOST_LETTERS) return [`only the first ${MOST_LETTERS} were looked at`];
  if (rows.length >= reported) return [];
  return [
    `${reported - rows.length} of about ${reported} could not be seen: others hold them, or their FIFO group is locked`,
  ];
}
