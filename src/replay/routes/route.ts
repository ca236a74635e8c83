import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Clients } from "../../aws/clients.ts";
import type { Content } from "../outgoing.ts";
import type { Destination, ReplaySource } from "../types.ts";

/** Where one letter goes, and what of it. */
export interface Route {
  destination: Destination;
  content: Content;
}

/** A letter that can't go back anywhere; it stays where it is. */
export class NoRouteError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "NoRouteError";
  }
}

/** What every way back is found with. */
export interface RouteParts {
  clients: Clients;
  source: Pick<ReplaySource, "arn" | "name" | "sources">;
  /** Remembers what was asked of AWS, by name. */
  once<T>(name: string, ask: () => Promise<T>): Promise<T>;
}

export type QueueDestination = Extract<Destination, { kind: "queue" }>;

/** The queue of an ARN (GetQueueUrl). @throws NoRouteError QUEUE_GONE when it doesn't exist any more. */
export function queueByArn(arn: string, { clients, once }: RouteParts): Promise<QueueDestination> {
  return once(arn, async () => {
    const url = await queueUrl(await clients.sqs(), arn);
    if (url === undefined)
      throw new NoRouteError("QUEUE_GONE", `The queue ${arn} that it came from doesn't exist any more.`);
    return { kind: "queue", url, arn, fifo: arn.endsWith(".fifo") };
  });
}

/** URL of a queue by its ARN; undefined where there is none. */
export async function queueUrl(sqs: SQSClient, arn: string): Promise<string | undefined> {
  const { GetQueueUrlCommand, QueueDoesNotExist } = await import("@aws-sdk/client-sqs");
  const [, , , , owner, name] = arn.split(":");
  try {
    const { QueueUrl } = await sqs.send(
      new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: owner }),
    );
    return QueueUrl;
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return undefined;
    throw error;
  }
}
