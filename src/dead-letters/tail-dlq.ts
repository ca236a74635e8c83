import { createClients } from "../aws/clients.ts";
import { userError } from "../aws/errors.ts";
import { placeOfQueue, type QueuePlace } from "../aws/queue-place.ts";
import { queueDepth, queueName } from "../aws/queues.ts";
import type { Context } from "../context.ts";
import { EdpError, NotDeployedError, UsageError, WatchEndedError } from "../errors.ts";
import { isConnectionError, Patience } from "../ingest/patience.ts";
import { type Pause, systemPause } from "../ingest/pause.ts";
import { SinkUnreachableError } from "../ingest/sink.ts";
import { counted } from "../terminal/format.ts";
import { loadDeployment } from "../topology/load-deployment.ts";
import { checkDeployed } from "../topology/select.ts";
import { groupByCause } from "./groups.ts";
import { checkDeadLetterQueue } from "./inspect-queue.ts";
import type { DeadLetterItem } from "./items.ts";
import type { DeadLetterOptions } from "./options.ts";
import { type DeadLetterQueue, deadLetterQueues } from "./queues.ts";
import type { LetterRow } from "./row.ts";
import { type Survey, type SurveyParts, surveyQueue } from "./survey.ts";

export type { DeadLetterItem } from "./items.ts";
export {
  addDeadLetterFlags,
  asksForDeadLetters,
  type DeadLetterOptions,
  deadLetterOptions,
} from "./options.ts";
export { renderDeadLetterItem } from "./render-item.ts";

/** Milliseconds between two counts of the queues while following. */
const POLL_MS = { local: 1_000, aws: 10_000 };

/** What is known of a queue that is followed. */
interface Known {
  ids: Set<string>;
  /** As the queue reported. */
  letters: number;
}

/**
 * Looks through dead-letter queues without consuming: for each queue its letters grouped by cause, and the letters;
 * then, unless told otherwise, what comes and goes. Looks again only when a queue has grown, since a look hides its
 * messages for a moment.
 * @throws UsageError, NotDeployedError, CredentialsError
 */
export async function* tailDeadLetters(
  options: DeadLetterOptions,
  context: Context,
  pause: Pause = systemPause,
): AsyncGenerator<DeadLetterItem> {
  const where =
    options.where === undefined ? undefined : (await import("./where.ts")).compileWhere(options.where);
  const { place, queues } = await findQueues(options, context);
  const clients = createClients(place, context);
  const onAws = place.endpoint === null;
  const parts: SurveyParts = { clients, context, where, onAws, logGroups: options.logGroups };
  try {
    const sqs = await clients.sqs();
    if (options.queues.length > 0) for (const { url } of queues) await checkDeadLetterQueue(sqs, url);
    const known = new Map<string, Known>();
    for (const queue of queues) {
      const survey = await surveyQueue(queue, parts);
      known.set(queue.url, { ids: idsOf(survey), letters: survey.reported });
      yield* firstView(queue, survey, options, context);
    }
    if (!options.follow) return;
    const patience = new Patience(pause, context.now, context.signal, "SQS");
    for (;;) {
      await pause(onAws ? POLL_MS.aws : POLL_MS.local, context.signal);
      for (const queue of queues) {
        const before = known.get(queue.url);
        const depth = await patience.through(() => queueDepth(sqs, queue.url));
        if (before && depth) yield* changes(queue, before, depth.visible + depth.inFlight, options, parts);
      }
    }
  } catch (error) {
    if (context.signal.aborted && options.follow) throw new WatchEndedError();
    context.signal.throwIfAborted();
    throw forUser(error, place);
  } finally {
    clients.close();
  }
}

function forUser(error: unknown, { env, endpoint }: QueuePlace): unknown {
  if (error instanceof EdpError) return error;
  if (error instanceof SinkUnreachableError || isConnectionError(error)) {
    return new NotDeployedError(`${endpoint ?? "AWS"} does not answer: ${(error as Error).message}`, {
      hint: "Check that the environment is up and the network is there, then run the command again.",
      cause: error,
    });
  }
  return userError(error, env) ?? error;
}

async function findQueues(
  options: DeadLetterOptions,
  context: Context,
): Promise<{ place: QueuePlace; queues: DeadLetterQueue[] }> {
  const { logGroups } = options;
  const urls = [...new Set(options.queues)];
  const [first] = urls;
  if (first === undefined) {
    const deployment = await loadDeployment(context);
    checkDeployed(deployment, options.pipelines);
    return { place: deployment, queues: deadLetterQueues(deployment, options.pipelines) };
  }
  const place = placeOfQueue(first, context);
  for (const url of urls) {
    const other = placeOfQueue(url, context);
    if (other.endpoint !== place.endpoint || other.region !== place.region) {
      throw new UsageError(`${first} and ${url} lie in different regions or endpoints.`, {
        hint: "Look into them one after the other.",
      });
    }
  }
  return { place, queues: urls.map((url) => ({ url, name: queueName(url), pipeline: null, logGroups })) };
}

function idsOf({ rows }: Survey): Set<string> {
  return new Set(rows.map(({ messageId }) => messageId));
}

function* firstView(
  { name: queue, url, pipeline }: DeadLetterQueue,
  { rows, selected, reported, problems }: Survey,
  options: DeadLetterOptions,
  context: Context,
): Generator<DeadLetterItem> {
  yield {
    type: "queue",
    queue,
    url,
    pipeline,
    letters: rows.length,
    reported,
    selected: options.where === undefined ? null : selected.length,
    oldestAgeSeconds: rows.reduce<number | null>(
      (oldest, { ageSeconds }) => (ageSeconds === null ? oldest : Math.max(oldest ?? 0, ageSeconds)),
      null,
    ),
  };
  for (const message of problems) yield { type: "note", queue, message };
  for (const group of groupByCause(selected)) yield { type: "group", queue, ...group };
  yield* listed(queue, selected, false, options, context);
}

/** The letters one by one, oldest first; for people at most `--messages`. */
function* listed(
  queue: string,
  rows: readonly LetterRow[],
  arrived: boolean,
  options: DeadLetterOptions,
  context: Context,
): Generator<DeadLetterItem> {
  const count = context.terminal.json ? rows.length : options.messages;
  const byAge = [...rows].sort((a, b) => (a.sentAt ?? "").localeCompare(b.sentAt ?? ""));
  for (const row of byAge.slice(0, count)) yield { type: "letter", queue, arrived, ...row };
  if (rows.length <= count) return;
  const message = `${counted(rows.length - count, "more message")}; --messages all lists them, --json has them too`;
  yield { type: "note", queue, message };
}

/** What has changed in a queue that is followed. */
async function* changes(
  queue: DeadLetterQueue,
  known: Known,
  letters: number,
  options: DeadLetterOptions,
  parts: SurveyParts,
): AsyncGenerator<DeadLetterItem> {
  const left = known.letters - letters;
  known.letters = letters;
  if (left > 0) {
    const time = new Date(parts.context.now()).toISOString();
    yield { type: "count", queue: queue.name, time, letters, left };
  }
  if (left >= 0) return;
  const survey = await surveyQueue(queue, parts);
  const fresh = survey.selected.filter(({ messageId }) => !known.ids.has(messageId));
  // Only those that are there now: a message that was replayed may come back under its id.
  known.ids = idsOf(survey);
  yield* listed(queue.name, fresh, true, options, parts.context);
}
