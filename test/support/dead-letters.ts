import {
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import pMap from "p-map";

/** Causes that letters get in turn. */
export const CAUSES = [
  { errorCode: "SCHEMA_MISMATCH", path: "tracks[3].duration_ms", message: 'expected a number, got "3:25"' },
  {
    errorCode: "OBJECT_NOT_FOUND",
    path: "",
    message: "b/raw/tracks/7.json has no version v7 any more (NoSuchKey).",
  },
  { errorCode: "TRUNCATED_JSON", path: "", message: "the text ends in the middle of a JSON value" },
] as const;

/** Bytes that are no UTF-8. */
export const BINARY = Uint8Array.from([0, 255, 254, 128, 13, 10, 195, 40]);

const PARALLEL = 8;

export function letterBody(index: number): string {
  return JSON.stringify({ id: index, text: `ünïcode 💥 ${index}`, big: "9007199254740993" });
}

/** The message attributes of a letter, without its cause. */
export function letterAttributes(index: number): Record<string, MessageAttributeValue> {
  return {
    number: { DataType: "Number.int", StringValue: String(index) },
    text: { DataType: "String", StringValue: `wert ${index} \u{1f3b5}` },
    bytes: { DataType: "Binary.jpg", BinaryValue: Uint8Array.from([...BINARY, index & 255]) },
  };
}

/** Puts letters into a dead-letter queue as a function does: with a cause, each of CAUSES in turn. */
export async function putLetters(sqs: SQSClient, QueueUrl: string, count: number): Promise<void> {
  const starts = Array.from({ length: Math.ceil(count / 10) }, (_, index) => index * 10);
  await pMap(
    starts,
    async (start) => {
      const Entries = Array.from({ length: Math.min(10, count - start) }, (_, offset) => {
        const index = start + offset;
        return {
          Id: String(offset),
          MessageBody: letterBody(index),
          MessageAttributes: {
            ...letterAttributes(index),
            "edp-cause": { DataType: "String", StringValue: JSON.stringify(CAUSES[index % CAUSES.length]) },
          },
          MessageSystemAttributes: {
            AWSTraceHeader: {
              DataType: "String" as const,
              StringValue: `Root=1-5759e988-${index.toString(16).padStart(24, "0")}`,
            },
          },
        };
      });
      const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      if (Failed.length > 0) throw new Error(`${Failed.length} letters were refused: ${Failed[0]?.Message}`);
    },
    { concurrency: PARALLEL },
  );
}

/** Receives everything that is visible in a queue, once; it stays hidden for a while. */
export async function readAll(sqs: SQSClient, QueueUrl: string): Promise<Message[]> {
  // By id: moto may hand one message to two receivers at once.
  const all = new Map<string, Message>();
  const receive = async () => {
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 600,
          WaitTimeSeconds: 0,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["All"],
        }),
      );
      if (Messages.length === 0) return;
      for (const message of Messages) all.set(message.MessageId ?? "", message);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, receive));
  return [...all.values()];
}

/** What a message is, without ids and times: body, attributes and trace header, comparable by `toEqual`. */
export function contentOf({ Body = "", MessageAttributes = {}, Attributes = {} }: Message) {
  const attributes = Object.fromEntries(
    Object.entries(MessageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      [DataType, StringValue ?? Buffer.from(BinaryValue ?? []).toString("hex")],
    ]),
  );
  return { body: Body, attributes, trace: Attributes.AWSTraceHeader, group: Attributes.MessageGroupId };
}
