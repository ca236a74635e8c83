import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import {
  ChangeMessageVisibilityBatchCommand,
  type ChangeMessageVisibilityBatchCommandInput,
  DeleteMessageBatchCommand,
  type DeleteMessageBatchCommandInput,
  type DeleteMessageBatchCommandOutput,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  type SendMessageBatchCommandInput,
  type SendMessageBatchCommandOutput,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { SignatureV4 } from "@smithy/signature-v4";

type Json = Record<string, unknown>;
type Batch = Pick<SendMessageBatchCommandOutput, "Successful" | "Failed">;
type Deleted = Pick<DeleteMessageBatchCommandOutput, "Successful" | "Failed">;

/** Longest wait for an answer, in milliseconds; a long poll takes 20 s at most. */
const ANSWER_MS = 30_000;

/**
 * The four SQS calls that a replay makes thousands of, with a third of the SDK's time for each: one attempt by plain
 * JSON, with the client's credentials, signature and connections. Whatever is no plain success is left to the SDK, which
 * repeats the request with its own retries and knows every error by name.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html
 */
export class SqsBatches {
  readonly #signers = new Map<string, SignatureV4>();

  constructor(
    private readonly sqs: SQSClient,
    /** The client's endpoint; null where the queue's URL says it. */
    private readonly endpoint: string | null,
  ) {}

  /** ReceiveMessage. @throws Error where a body is not what SQS has sent, and what the SDK throws */
  async receive(input: ReceiveMessageCommandInput): Promise<Message[]> {
    const quick = await this.#call("ReceiveMessage", input.QueueUrl, input);
    if (!quick) return (await this.sqs.send(new ReceiveMessageCommand(input))).Messages ?? [];
    const { Messages = [] } = quick as { Messages?: Message[] };
    for (const { Body, MD5OfBody, MessageId, MessageAttributes = {} } of Messages) {
      checkBody(Body, MD5OfBody, MessageId);
      for (const attribute of Object.values(MessageAttributes)) {
        const base64 = attribute.BinaryValue as unknown;
        if (typeof base64 === "string") attribute.BinaryValue = new Uint8Array(Buffer.from(base64, "base64"));
      }
    }
    return Messages;
  }

  /** SendMessageBatch. @throws as `receive` */
  async send(input: SendMessageBatchCommandInput): Promise<Batch> {
    const Entries = input.Entries?.map((entry) => ({
      ...entry,
      MessageAttributes: entry.MessageAttributes && inBase64(entry.MessageAttributes),
    }));
    const quick = (await this.#call("SendMessageBatch", input.QueueUrl, { ...input, Entries })) as
      | Batch
      | undefined;
    if (!quick) return this.sqs.send(new SendMessageBatchCommand(input));
    const bodies = new Map(input.Entries?.map(({ Id, MessageBody }) => [Id, MessageBody]));
    for (const { Id, MD5OfMessageBody, MessageId } of quick.Successful ?? []) {
      checkBody(bodies.get(Id), MD5OfMessageBody, MessageId);
    }
    return quick;
  }

  /** DeleteMessageBatch. @throws what the SDK throws */
  async delete(input: DeleteMessageBatchCommandInput): Promise<Deleted> {
    const quick = await this.#call("DeleteMessageBatch", input.QueueUrl, input);
    return (quick as Deleted | undefined) ?? this.sqs.send(new DeleteMessageBatchCommand(input));
  }

  /** ChangeMessageVisibilityBatch. @throws what the SDK throws */
  async changeVisibility(input: ChangeMessageVisibilityBatchCommandInput): Promise<void> {
    const quick = await this.#call("ChangeMessageVisibilityBatch", input.QueueUrl, input);
    if (!quick) await this.sqs.send(new ChangeMessageVisibilityBatchCommand(input));
  }

  /** One attempt. Undefined for every answer but a success, and where there was none. */
  async #call(operation: string, queueUrl: string | undefined, input: object): Promise<Json | undefined> {
    const { requestHandler, systemClockOffset } = this.sqs.config;
    try {
      const url = new URL(this.endpoint ?? queueUrl ?? "");
      const signed = await (await this.#signer()).sign(
        {
          protocol: url.protocol,
          hostname: url.hostname,
          ...(url.port === "" ? {} : { port: Number(url.port) }),
          method: "POST",
          path: "/",
          query: {},
          headers: {
            host: url.host,
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": `AmazonSQS.${operation}`,
          },
          body: JSON.stringify(input),
        },
        { signingDate: new Date(Date.now() + systemClockOffset) },
      );
      const { response } = await requestHandler.handle(
        signed as Parameters<typeof requestHandler.handle>[0],
        {
          requestTimeout: ANSWER_MS,
        },
      );
      const text = await readText(response.body as Readable);
      if (response.statusCode !== 200) return undefined;
      return text === "" ? {} : (JSON.parse(text) as Json);
    } catch {
      // No credentials, no connection, no JSON: the SDK tries again, and says it by its name.
      return undefined;
    }
  }

  async #signer(): Promise<SignatureV4> {
    const { config } = this.sqs;
    const region = await config.region();
    const known = this.#signers.get(region);
    if (known) return known;
    const signer = new SignatureV4({
      service: "sqs",
      region,
      credentials: config.credentials,
      sha256: config.sha256,
    });
    this.#signers.set(region, signer);
    return signer;
  }
}

/** Message attributes as JSON has them: bytes are base64. */
function inBase64(attributes: Record<string, MessageAttributeValue>): Record<string, object> {
  const encoded: Record<string, object> = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    const { BinaryValue } = attribute;
    encoded[name] = BinaryValue
      ? { ...attribute, BinaryValue: Buffer.from(BinaryValue).toString("base64") }
      : attribute;
  }
  return encoded;
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** @throws Error where the body's MD5 is not the one that SQS has computed */
function checkBody(body: string | undefined, md5: string | undefined, messageId: string | undefined): void {
  if (body === undefined || md5 === undefined || createHash("md5").update(body).digest("hex") === md5) return;
  throw new Error(`the body of message ${messageId} does not have the MD5 ${md5} that SQS gives for it`);
}
