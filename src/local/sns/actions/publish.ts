import { attributesSize } from "../../delivery/attributes-size.ts";
import { list, type Members, text } from "../../http/members.ts";
import { pairs, type QueryOperations } from "../../http/query-protocol.ts";
import { AwsError, type EngineParts, type MessageAttributes, type ServiceRequest } from "../../service.ts";
import type { Published } from "../envelope.ts";
import { invalidParameter } from "../errors.ts";
import type { Publisher } from "../publisher.ts";
import type { Topics } from "../topics.ts";
import { requiredText } from "./required.ts";

/** Bytes of one message with its attributes, and of one batch (https://docs.aws.amazon.com/general/latest/gr/sns.html). */
const MESSAGE_BYTES = 262_144;
const BATCH_ENTRIES = 10;
const SUBJECT_LENGTH = 100;
const TYPE = /^(String|Number|Binary)(\..+)?$/;

type Outgoing = Pick<Published, "subject" | "message" | "attributes" | "group" | "deduplicationId">;

export function publishActions(topics: Topics, publisher: Publisher, parts: EngineParts): QueryOperations {
  return {
    Publish: async (input, request) => {
      const arn = text(input, "TopicArn") ?? text(input, "TargetArn");
      if (!arn) throw invalidParameter("TopicArn or TargetArn Reason: no value for required parameter");
      topics.topic(arn);
      const outgoing = read(input);
      if (size(outgoing) > MESSAGE_BYTES) throw invalidParameter("Message too long");
      const sent = await publisher.publish(arn, {
        ...outgoing,
        traceHeader: traceOf(request),
      });
      return { MessageId: sent.messageId, SequenceNumber: sent.sequenceNumber };
    },

    PublishBatch: async (input, request) => {
      const arn = requiredText(input, "TopicArn");
      topics.topic(arn);
      const entries = list(input, "PublishBatchRequestEntries") as Members[];
      checkEntries(entries);
      const successful: { Id: string; MessageId: string; SequenceNumber?: string }[] = [];
      const failed: { Id: string; Code: string; Message: string; SenderFault: boolean }[] = [];
      const readable: { id: string; outgoing: Outgoing }[] = [];
      const refuse = (id: string, error: unknown) => {
        if (!(error instanceof AwsError)) throw error;
        failed.push({ Id: id, Code: error.code, Message: error.message, SenderFault: error.status < 500 });
      };
      for (const entry of entries) {
        const id = requiredText(entry, "Id");
        try {
          readable.push({ id, outgoing: read(entry) });
        } catch (error) {
          refuse(id, error);
        }
      }
      if (readable.reduce((sum, { outgoing }) => sum + size(outgoing), 0) > MESSAGE_BYTES) {
        throw new AwsError(
          "BatchRequestTooLong",
          "The length of all the batch messages put together is more than the limit.",
        );
      }
      for (const { id, outgoing } of readable) {
        try {
          const traceHeader = traceOf(request);
          const sent = await publisher.publish(arn, { ...outgoing, traceHeader });
          successful.push({ Id: id, MessageId: sent.messageId, SequenceNumber: sent.sequenceNumber });
        } catch (error) {
          parts.log(`PublishBatch ${arn}: entry ${id}: ${(error as Error).message}`);
          refuse(id, error);
        }
      }
      return { Successful: { member: successful }, Failed: { member: failed } };
    },
  };
}

/** The trace header of the publishing call, which goes on with its message. */
function traceOf({ headers }: ServiceRequest): string | undefined {
  const header = headers["x-amzn-trace-id"];
  return typeof header === "string" ? header : undefined;
}

function checkEntries(entries: Members[]): void {
  if (entries.length === 0)
    throw new AwsError("EmptyBatchRequest", "The batch request doesn't contain any entries.");
  if (entries.length > BATCH_ENTRIES) {
    throw new AwsError(
      "TooManyEntriesInBatchRequest",
      "The batch request contains more entries than permissible.",
    );
  }
  const ids = entries.map((entry) => requiredText(entry, "Id"));
  if (new Set(ids).size < ids.length) {
    throw new AwsError(
      "BatchEntryIdsNotDistinct",
      "Two or more batch entries in the request have the same Id.",
    );
  }
}

function read(input: Members): Outgoing {
  const message = requiredText(input, "Message");
  const subject = text(input, "Subject");
  if (
    subject !== undefined &&
    (subject.length === 0 || subject.length > SUBJECT_LENGTH || /[\r\n]/.test(subject))
  ) {
    throw invalidParameter("Subject");
  }
  return {
    subject,
    message: text(input, "MessageStructure") === "json" ? byProtocol(message) : { default: message },
    attributes: readAttributes(input),
    group: text(input, "MessageGroupId"),
    deduplicationId: text(input, "MessageDeduplicationId"),
  };
}

function byProtocol(message: string): Published["message"] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch (error) {
    throw invalidParameter(
      `Message Structure - JSON message body failed to parse: ${(error as Error).message}`,
    );
  }
  const texts = Object.entries(parsed as object).filter(([, value]) => typeof value === "string");
  const texts_ = Object.fromEntries(texts) as Published["message"];
  if (texts_.default === undefined)
    throw invalidParameter("Message Structure - No default entry in JSON message body");
  return texts_;
}

/** @throws AwsError ParameterValueInvalid */
function readAttributes(input: Members): MessageAttributes {
  const attributes: MessageAttributes = {};
  for (const [name, value] of Object.entries(pairs<Members>(input.MessageAttributes))) {
    const DataType = text(value, "DataType") ?? "";
    const kind = TYPE.exec(DataType)?.[1];
    const invalid = (reason: string) =>
      new AwsError("ParameterValueInvalid", `The message attribute '${name}' ${reason}`);
    if (!kind)
      throw invalid(
        "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
      );
    const content = text(value, kind === "Binary" ? "BinaryValue" : "StringValue");
    if (!content)
      throw invalid(
        `must contain non-empty message attribute value for message attribute type '${DataType}'.`,
      );
    if (kind === "Number" && Number.isNaN(Number(content))) throw invalid("has a value that is no number.");
    attributes[name] =
      kind === "Binary" ? { DataType, BinaryValue: content } : { DataType, StringValue: content };
  }
  return attributes;
}

function size({ message, subject, attributes }: Outgoing): number {
  const texts = Object.values(message).reduce((sum, one) => sum + Buffer.byteLength(one), 0);
  return texts + Buffer.byteLength(subject ?? "") + attributesSize(attributes);
}
