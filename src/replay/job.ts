import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Clients } from "../aws/clients.ts";
import { placeOfQueue } from "../aws/queue-place.ts";
import { queueName } from "../aws/queues.ts";
import type { Context } from "../context.ts";
import { type DeadLetterQueue, deadLetterQueues } from "../dead-letters/queues.ts";
import { UsageError } from "../errors.ts";
import type { Pause } from "../ingest/pause.ts";
import { loadDeployment } from "../topology/load-deployment.ts";
import { checkDeployed } from "../topology/select.ts";
import type { Edit } from "./edit.ts";
import { asksForCause, LetterExplainer } from "./explain-letters.ts";
import type { ReplayOptions } from "./options.ts";
import type { Rules } from "./outbound.ts";
import { Router } from "./router.ts";
import type { QueueDestination } from "./routes/route.ts";
import { destinationQueue, inspect } from "./source.ts";
import { lookAll, survey } from "./survey.ts";
import type { FileFacts } from "./transfer.ts";
import type { ReplayPlace, ReplaySource } from "./types.ts";

const RECEIVERS = { local: 8, aws: 16 };
/** Letters that show whether a queue's messages say where they came from. */
const SAMPLE = 10;

/** What the steps of one replay share. */
export interface Job {
  options: ReplayOptions;
  context: Context;
  place: ReplayPlace;
  clients: Clients;
  sqs: SQSClient;
  sources: ReplaySource[];
  routers: Map<string, Router>;
  /** By queue; empty where `--where` doesn't ask for causes. */
  explainers: Map<string, LetterExplainer>;
  file: FileFacts | undefined;
  select: Rules["select"];
  edit: Edit | undefined;
  pause: Pause;
  parallel: number;
  waitSeconds: number;
}

/** The queues that are replayed, and where they lie: those of pipelines, of `--queue`, or of a file. */
export async function findQueues(
  options: ReplayOptions,
  context: Context,
  file: FileFacts | undefined,
): Promise<{ place: ReplayPlace; queues: Pick<DeadLetterQueue, "url" | "pipeline" | "logGroups">[] }> {
  const named =
    options.queue ?? (file && options.pipelines.length === 0 ? (options.to ?? file.queues[0]) : undefined);
  if (named !== undefined) {
    const place = { ...placeOfQueue(named, context), deployment: null };
    const urls = options.queue === undefined ? (file?.queues ?? []) : [options.queue];
    if (options.to === undefined) for (const url of urls) placeOfQueue(url, context);
    return { place, queues: urls.map((url) => ({ url, pipeline: null, logGroups: [] })) };
  }
  const deployment = await loadDeployment(context);
  checkDeployed(deployment, options.pipelines);
  const { env, endpoint, region } = deployment;
  return {
    place: { env, endpoint, region, deployment },
    queues: deadLetterQueues(deployment, options.pipelines),
  };
}

/** Looks at the queues, and finds the way back from each. @throws UsageError where a queue is none to replay */
export async function openJob(
  parts: Pick<
    Job,
    "options" | "context" | "place" | "clients" | "sqs" | "select" | "edit" | "file" | "pause"
  >,
  queues: readonly Pick<DeadLetterQueue, "url" | "pipeline" | "logGroups">[],
): Promise<Job> {
  const { options, context, sqs, clients, place } = parts;
  const to = options.to === undefined ? undefined : await destinationQueue(sqs, options.to);
  // A file that goes to a named queue needs nothing of where it came from.
  const inspected = parts.file && to ? [] : await Promise.all(queues.map((queue) => inspect(sqs, queue)));
  for (const source of inspected) checkSource(source, to);
  const routers = new Map<string, Router>();
  for (const source of inspected) routers.set(source.url, new Router(clients, source, to));
  if (parts.file && to) {
    const anywhere = new Router(clients, { arn: "", name: "the file", sources: [] }, to);
    for (const url of parts.file.queues) routers.set(url, anywhere);
  }
  const homeless = parts.file?.queues.find((url) => !routers.has(url));
  if (homeless !== undefined) {
    throw new UsageError(
      `--import: messages of the file are from ${JSON.stringify(homeless)}, which is no dead-letter queue of these pipelines.`,
      { hint: "Name the queue that they go to with --to URL, or leave the pipeline away." },
    );
  }
  const onAws = place.endpoint === null;
  const explainers = new Map<string, LetterExplainer>();
  for (const { url, logGroups } of asksForCause(options.where) ? queues : []) {
    const tell = (problem: string) => context.terminal.warn(problem);
    explainers.set(url, new LetterExplainer(clients, logGroups, context.signal, tell));
  }
  return {
    ...parts,
    sources: inspected,
    routers,
    explainers,
    parallel: onAws ? RECEIVERS.aws : RECEIVERS.local,
    waitSeconds: onAws ? 1 : 0,
  };
}

/** @throws UsageError where replaying this queue would do harm */
function checkSource(source: ReplaySource, to: QueueDestination | undefined): void {
  if (to?.url === source.url || to?.arn === source.arn) {
    throw new UsageError(`--to names ${source.name} itself.`, {
      hint: "Name the queue that the messages go to.",
    });
  }
  if (to && to.fifo !== source.fifo) {
    const [fifo, standard] = to.fifo ? [to.url, source.url] : [source.url, to.url];
    throw new UsageError(
      `${queueName(fifo)} is a FIFO queue and ${queueName(standard)} a standard one: ${to.fifo ? "its messages have no group" : "order and deduplication would be lost"}.`,
      { hint: "Name a queue of the same type with --to." },
    );
  }
  if (source.redrivesTo !== null && source.sources.length === 0) {
    throw new UsageError(
      `${source.name} isn't a dead-letter queue: it has a redrive policy of its own, to ${source.redrivesTo.split(":").at(-1)}.`,
      { hint: "Give its dead-letter queue instead." },
    );
  }
}

/** A queue that serves no other is a dead-letter queue only if its messages say where they came from. */
export async function checkOrigins(job: Job): Promise<void> {
  const { options, sources, sqs, routers, context } = job;
  if (options.to !== undefined || job.file) return;
  for (const source of sources) {
    const router = routers.get(source.url);
    if (source.pipeline !== null || source.sources.length > 0 || source.depth.visible === 0 || !router)
      continue;
    const letters = lookAll(sqs, [{ url: source.url, router }], {
      parallel: 1,
      waitSeconds: job.waitSeconds,
      now: context.now,
      signal: context.signal,
    });
    const { selected, failures } = await survey(letters, {
      select: () => true,
      replayedTooOften: () => false,
      edit: undefined,
      most: SAMPLE,
      now: context.now,
      onProgress: () => {},
    });
    if (selected > 0 || failures.some(({ code }) => code !== "UNKNOWN_ORIGIN")) continue;
    throw new UsageError(
      `${source.name} isn't a dead-letter queue that edp knows a way back from: no queue, subscription or function names it, and its messages don't say where they came from.`,
      { hint: "Name the queue that its messages go to with --to URL." },
    );
  }
}

/** Letters in these queues as SQS counts them, in flight and delayed ones included. */
export function reported(sources: readonly ReplaySource[]): number {
  return sources.reduce((sum, { depth }) => sum + depth.visible + depth.inFlight + depth.delayed, 0);
}

/** Letters that a look through these queues could see; one through a FIFO queue sees ten of each group. */
export function visible(sources: readonly ReplaySource[]): number {
  return sources.reduce((sum, { depth }) => sum + depth.visible, 0);
}

/** The queues with something visible, as a look through them takes them. */
export function filledQueues({ sources, routers }: Pick<Job, "sources" | "routers">) {
  return sources.flatMap(({ url, depth }) => {
    const router = routers.get(url);
    return router && depth.visible > 0 ? [{ url, router }] : [];
  });
}

/** What the ledgers know a replay by: the queues it takes from, or the file and where that goes. */
export function scopeOf({ file, options, sources }: Pick<Job, "file" | "options" | "sources">) {
  return file ? { import: `${file.sha256} ${options.to ?? ""}` } : { queues: sources.map(({ url }) => url) };
}
