import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import { type ObjectEvent, unwrapObjectEvents } from "../lambda/shared/object-events.ts";
import type { DeadLetter } from "./tally.ts";

/** How long a message is hidden from others while it is looked at; it is given back at once afterwards. */
const PEEK_VISIBILITY_SECONDS = 30;
/** Looking ends before the first message shows up again. */
const MAX_PEEK_MS = 20_000;
/** Most messages of one ReceiveMessage and ChangeMessageVisibilityBatch. */
const BATCH = 10;

/** A dead letter about an object version. */
export interface ObjectDeadLetter extends DeadLetter {
  bucket: string;
  version: string;
}

/**
 * Looks through a dead-letter queue without taking anything from it: every message is received with a short
 * visibility timeout and given back by ChangeMessageVisibility(0). Messages about no object are passed over.
 * @param enough ends the look early, e.g. when all that is searched for was found
 * @param waitSeconds long polling; 1 on AWS, where short polling sees only some of the servers
 */
export async function peekDeadLetters(
  sqs: SQSClient,
  queueUrl: string,
  options: { waitSeconds: number; now(): number; found(letter: ObjectDeadLetter): void; enough(): boolean },
): Promise<void> {
  const { ReceiveMessageCommand } = await import("@aws-sdk/client-sqs");
  const held: string[] = [];
  const end = options.now() + MAX_PEEK_MS;
  try {
    while (options.now() < end && !options.enough()) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: BATCH,
          VisibilityTimeout: PEEK_VISIBILITY_SECONDS,
          WaitTimeSeconds: options.waitSeconds,
          MessageAttributeNames: ["All"],
        }),
      );
      if (Messages.length === 0) return;
      for (const message of Messages) {
        if (message.ReceiptHandle) held.push(message.ReceiptHandle);
        for (const letter of readLetters(message)) options.found(letter);
      }
    }
  } finally {
    await giveBack(sqs, queueUrl, held);
  }
}

async function giveBack(sqs: SQSClient, queueUrl: string, handles: string[]): Promise<void> {
  const { ChangeMessageVisibilityBatchCommand } = await import("@aws-sdk/client-sqs");
  for (let first = 0; first < handles.length; first += BATCH) {
    const Entries = handles
      .slice(first, first + BATCH)
      .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

function readLetters(message: Message): ObjectDeadLetter[] {
  const cause = readCause(message);
  return objectEvents(message.Body ?? "").map(({ bucket, key, version }) => ({
    bucket,
    key,
    version,
    ...cause,
  }));
}

function objectEvents(body: string): ObjectEvent[] {
  try {
    return unwrapObjectEvents(body);
  } catch {
    // Anything can lie in a dead-letter queue; what is no object's event explains no object.
    return [];
  }
}

/**
 * The function's `edp-cause`; else what EventBridge adds to an event that it could not deliver; else nothing:
 * the message came by redrive.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 */
function readCause({ MessageAttributes = {} }: Message): Pick<DeadLetter, "errorCode" | "path" | "message"> {
  const text = (name: string) => MessageAttributes[name]?.StringValue ?? null;
  const cause = text("edp-cause");
  if (cause === null) return { errorCode: text("ERROR_CODE"), path: null, message: text("ERROR_MESSAGE") };
  try {
    const { errorCode = null, path = null, message = null } = JSON.parse(cause) as Partial<DeadLetter>;
    return { errorCode, path, message };
  } catch {
    return { errorCode: null, path: null, message: cause };
  }
}
