import type {
  MessageSystemAttributeNameForSends,
  MessageSystemAttributeValue,
  SendMessageBatchRequestEntry,
} from "@aws-sdk/client-sqs";
import type { Clients } from "../aws/clients.ts";
import type { SqsBatches } from "../aws/sqs-batches.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Destination } from "./types.ts";

/** What became of each message of a batch; of one that is neither sent nor refused nobody knows it. */
export interface SendOutcome {
  sent: { message: Outgoing; newMessageId: string | null }[];
  /** Certainly not taken. */
  refused: { message: Outgoing; code: string; reason: string }[];
  /** Error of a request as a whole: whether its messages were taken is unknown. What came before it stands. */
  failure?: { error: unknown };
}

/** Attempts of an entry that SQS refuses through no fault of the sender. */
const ATTEMPTS = 3;

/** Sends one batch, ten messages and 1 MiB at most. A part that is refused or fails doesn't touch the others. */
export async function sendBatch(
  destination: Destination,
  messages: readonly Outgoing[],
  clients: Clients,
  sqs: SqsBatches,
): Promise<SendOutcome> {
  switch (destination.kind) {
    case "queue":
      return sendToQueue(sqs, destination.url, messages);
    case "topic":
      return oneByOne(messages, (message) => publish(destination.arn, message, clients));
    case "function":
      return oneByOne(messages, (message) => invoke(destination.name, message, clients));
    case "bus":
      return oneByOne(messages, (message) => putEvent(destination.arn, message, clients));
  }
}

async function sendToQueue(
  sqs: SqsBatches,
  QueueUrl: string,
  messages: readonly Outgoing[],
): Promise<SendOutcome> {
  const outcome: SendOutcome = { sent: [], refused: [] };
  let left = [...messages];
  for (let attempt = 1; left.length > 0; attempt++) {
    const batch = left;
    let answer: Awaited<ReturnType<SqsBatches["send"]>>;
    try {
      answer = await sqs.send({ QueueUrl, Entries: batch.map(entryOf) });
    } catch (error) {
      return { ...outcome, failure: { error } };
    }
    for (const { Id, MessageId } of answer.Successful ?? []) {
      const message = batch[Number(Id)];
      if (message) outcome.sent.push({ message, newMessageId: MessageId ?? null });
    }
    left = [];
    for (const { Id, SenderFault, Code = "", Message } of answer.Failed ?? []) {
      const message = batch[Number(Id)];
      if (!message) continue;
      if (SenderFault || attempt >= ATTEMPTS) {
        outcome.refused.push({ message, code: Code, reason: Message ?? Code });
      } else left.push(message);
    }
  }
  return outcome;
}

function entryOf(message: Outgoing, index: number): SendMessageBatchRequestEntry {
  const { body, attributes, groupId, deduplicationId, traceHeader } = message;
  return {
    Id: String(index),
    MessageBody: body,
    MessageAttributes: Object.keys(attributes).length > 0 ? attributes : undefined,
    MessageSystemAttributes: traceHeader === undefined ? undefined : traceAttribute(traceHeader),
    MessageGroupId: groupId,
    MessageDeduplicationId: deduplicationId,
  };
}

function traceAttribute(
  header: string,
): Partial<Record<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>> {
  return { AWSTraceHeader: { DataType: "String", StringValue: header } };
}

async function publish(TopicArn: string, message: Outgoing, clients: Clients): Promise<string | null> {
  const { PublishCommand } = await import("@aws-sdk/client-sns");
  const { MessageId } = await (await clients.sns()).send(
    new PublishCommand({
      TopicArn,
      Message: message.body,
      MessageAttributes: message.attributes as Record<string, { DataType: string }>,
      MessageGroupId: TopicArn.endsWith(".fifo") ? message.groupId : undefined,
      MessageDeduplicationId: message.deduplicationId,
    }),
  );
  return MessageId ?? null;
}

async function invoke(FunctionName: string, message: Outgoing, clients: Clients): Promise<string | null> {
  const { InvokeCommand } = await import("@aws-sdk/client-lambda");
  const { $metadata } = await (await clients.lambda()).send(
    new InvokeCommand({ FunctionName, InvocationType: "Event", Payload: Buffer.from(message.body) }),
  );
  return $metadata.requestId ?? null;
}

async function putEvent(EventBusName: string, message: Outgoing, clients: Clients): Promise<string | null> {
  const { PutEventsCommand } = await import("@aws-sdk/client-eventbridge");
  const event = JSON.parse(message.body) as Record<string, unknown>;
  const { Entries = [] } = await (await clients.events()).send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName,
          Source: String(event.source),
          DetailType: String(event["detail-type"]),
          Detail: JSON.stringify(event.detail),
          Resources: event.resources as string[],
          Time: new Date(String(event.time)),
          TraceHeader: message.traceHeader,
        },
      ],
    }),
  );
  const [entry] = Entries;
  if (entry?.EventId === undefined) {
    throw Object.assign(new Error(entry?.ErrorMessage ?? "the event was refused"), {
      name: entry?.ErrorCode ?? "InternalFailure",
      $fault: "client",
    });
  }
  return entry.EventId;
}

/** For destinations without a batch: what one of them refuses is its own affair. */
async function oneByOne(
  messages: readonly Outgoing[],
  send: (message: Outgoing) => Promise<string | null>,
): Promise<SendOutcome> {
  const outcome: SendOutcome = { sent: [], refused: [] };
  await Promise.all(
    messages.map(async (message) => {
      try {
        outcome.sent.push({ message, newMessageId: await send(message) });
      } catch (error) {
        if (isRefusal(error)) outcome.refused.push({ message, code: error.name, reason: error.message });
        else outcome.failure ??= { error };
      }
    }),
  );
  return outcome;
}

/** The service has answered that it doesn't take the message; credentials are another matter. */
function isRefusal(error: unknown): error is Error {
  return (
    error instanceof Error &&
    (error as { $fault?: string }).$fault === "client" &&
    !/Expired|Credential|Token|AccessDenied|Signature/i.test(error.name)
  );
}
