import { createClients } from "../aws/clients.ts";
import { userError } from "../aws/errors.ts";
import { mostReceives, queueDepth } from "../aws/queues.ts";
import type { Context } from "../context.ts";
import { lookThrough } from "../dead-letters/look.ts";
import { EdpError, EXIT, UsageError } from "../errors.ts";
import { systemPause } from "../ingest/pause.ts";
import type { DeployedPipeline } from "../topology/deployment.ts";
import { loadDeployment } from "../topology/load-deployment.ts";
import { checkDeployed } from "../topology/select.ts";

/** Receivers of one look. */
const RECEIVERS = 4;
/** Milliseconds between two counts while following. */
const POLL_MS = { local: 1_000, aws: 10_000 };
/** A look is followed by a pause so many times as long: consumers get at the messages most of the time. */
const PAUSE_PER_LOOK = 4;
/**
 * Share of the receives that a queue allows a message which looks may use up. Each look is one; the queue would move
 * the message to its dead-letter queue in the end, and consumers would never see it.
 */
const RECEIVES_FOR_LOOKS = 0.5;

export interface MessagesOptions {
  /** Pipelines; all when empty. */
  pipelines: readonly string[];
  follow: boolean;
}

/** A message of an output queue, which stays there. */
export interface PeekedMessage {
  pipeline: string;
  queue: string;
  /** When it was sent, ISO 8601 in UTC; null where the queue doesn't say. */
  sentAt: string | null;
  attributes: Record<string, string>;
  /** As it was sent: parsed, an exact amount could lose digits. */
  body: string;
  sqsMessageId: string;
}

/** A queue that functions write to and none reads. */
interface OutputQueue {
  pipeline: string;
  key: string;
  url: string;
}

/**
 * Looks through output queues without consuming: each message once, then, unless told otherwise, what is sent. A
 * look hides the messages from consumers for a moment, and counts as a receive of each; so it is taken only when a
 * queue has grown, and not any more when looks could bring messages into the dead-letter queue.
 * @throws UsageError where no pipeline has an output queue; EdpError RECEIVES_USED_UP; NotDeployedError,
 *   CredentialsError
 */
export async function* peekMessages(
  { pipelines, follow }: MessagesOptions,
  context: Context,
): AsyncGenerator<PeekedMessage> {
  const deployment = await loadDeployment(context);
  checkDeployed(deployment, pipelines);
  const queues = Object.entries(deployment.pipelines)
    .filter(([name]) => pipelines.length === 0 || pipelines.includes(name))
    .flatMap(([name, deployed]) => outputQueues(name, deployed));
  if (queues.length === 0) {
    throw new UsageError(
      "None of these pipelines has an output queue: functions take what is in their queues.",
      {
        hint: "Dead letters: edp tail --dlq. Logs: edp tail.",
      },
    );
  }
  const clients = createClients(deployment, context);
  const onAws = deployment.endpoint === null;
  const { now, signal } = context;
  const look = { parallel: RECEIVERS, waitSeconds: onAws ? 1 : 0, now, signal };
  const seen = new Set<string>();
  const depths = new Map<string, number>();
  try {
    const sqs = await clients.sqs();
    for (;;) {
      const started = now();
      for (const { pipeline, key, url } of queues) {
        const visible = (await queueDepth(sqs, url))?.visible ?? 0;
        const grown = visible > (depths.get(url) ?? 0);
        depths.set(url, visible);
        if (!grown) continue;
        const allowed = await mostReceives(sqs, url);
        for await (const letter of lookThrough(sqs, url, look)) {
          const { raw, attributes, sentAt, messageId, receiveCount } = letter;
          if (receiveCount > allowed * RECEIVES_FOR_LOOKS) throw usedUp(pipeline, key, receiveCount, allowed);
          if (seen.has(messageId)) continue;
          seen.add(messageId);
          yield { pipeline, queue: key, sentAt, attributes, body: raw.Body ?? "", sqsMessageId: messageId };
        }
      }
      if (!follow) return;
      const least = onAws ? POLL_MS.aws : POLL_MS.local;
      await systemPause(Math.max(least, (now() - started) * PAUSE_PER_LOOK), signal);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EdpError) throw error;
    throw userError(error, context.env) ?? error;
  } finally {
    clients.close();
  }
}

function usedUp(pipeline: string, queue: string, receives: number, allowed: number): EdpError {
  return new EdpError(
    "RECEIVES_USED_UP",
    EXIT.checkFailed,
    `A message of ${pipeline}/${queue} was received ${receives} times; after ${allowed} it goes to the dead-letter queue, and each look counts.`,
    {
      hint: `Have a consumer take the messages first. A larger maxReceiveCount in terraform/pipelines/${pipeline}.json allows more looks.`,
    },
  );
}

function outputQueues(pipeline: string, { topology, addresses }: DeployedPipeline): OutputQueue[] {
  const functions = Object.values(topology.functions);
  const read = new Set(functions.flatMap(({ from }) => ("queue" in from ? [from.queue] : [])));
  const written = new Set(functions.flatMap(({ writes }) => writes));
  return Object.entries(addresses.queues).flatMap(([key, { url }]) =>
    written.has(key) && !read.has(key) ? [{ pipeline, key, url }] : [],
  );
}
