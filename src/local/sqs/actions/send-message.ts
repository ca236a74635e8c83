import { createHash } from "node:crypto";
import type { Operations } from "../../http/json-protocol.ts";
import { integer, type Members, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import { invalidParameterValue } from "../errors.ts";
import { MAXIMUM_MESSAGE_BYTES } from "../limits.ts";
import { attributesMd5, readMessageAttributes } from "../message-attributes.ts";
import type { Queues } from "../queues.ts";
import { checkOutgoing, messageSize, type Outgoing, type Sent, send } from "../send.ts";
import { type BatchFailure, batchEntries, batchFailure, batchResult } from "./batch.ts";
import { requiredQueue, requiredText } from "./required.ts";

export function sendActions(queues: Queues): Operations {
  return {
    SendMessage: async (input) => {
      const queue = requiredQueue(queues, input);
      const message = read(input);
      checkOutgoing(queue, message);
      const [sent] = await send(queue, [message]);
      return sent ? answer(message, sent) : undefined;
    },

    SendMessageBatch: async (input) => {
      const queue = requiredQueue(queues, input);
      const entries = batchEntries(input, "SendMessageBatchRequestEntry");
      const failed: BatchFailure[] = [];
      const collect = (id: string, work: () => void) => {
        try {
          work();
        } catch (error) {
          failed.push(batchFailure(id, error));
        }
      };
      const readable: { id: string; message: Outgoing }[] = [];
      for (const { id, entry } of entries) collect(id, () => readable.push({ id, message: read(entry) }));
      const bytes = readable.reduce((sum, { message }) => sum + messageSize(message.content), 0);
      if (bytes > MAXIMUM_MESSAGE_BYTES) {
        throw new AwsError(
          "BatchRequestTooLong",
          `Batch requests cannot be longer than ${MAXIMUM_MESSAGE_BYTES} bytes. You have sent ${bytes} bytes.`,
        );
      }
      const good: typeof readable = [];
      for (const item of readable) {
        collect(item.id, () => {
          checkOutgoing(queue, item.message);
          good.push(item);
        });
      }
      const sent = await send(
        queue,
        good.map(({ message }) => message),
      );
      const successful = good.map(({ id, message }, index) => {
        const one = sent[index];
        return { Id: id, ...(one ? answer(message, one) : {}) };
      });
      return batchResult(successful, failed);
    },
  };
}

function read(input: Members): Outgoing {
  const system = readMessageAttributes(input, "MessageSystemAttributes");
  const unknown = Object.keys(system).find((name) => name !== "AWSTraceHeader");
  if (unknown !== undefined)
    throw invalidParameterValue(`Message system attribute name '${unknown}' is invalid.`);
  const attributes = readMessageAttributes(input, "MessageAttributes");
  return {
    content: {
      body: requiredText(input, "MessageBody"),
      ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
      ...(system.AWSTraceHeader ? { trace: system.AWSTraceHeader.StringValue } : {}),
    },
    delaySeconds: integer(input, "DelaySeconds"),
    group: text(input, "MessageGroupId"),
    deduplicationId: text(input, "MessageDeduplicationId"),
  };
}

function answer({ content }: Outgoing, { messageId, sequenceNumber }: Sent) {
  const { trace } = content;
  return {
    MessageId: messageId,
    MD5OfMessageBody: createHash("md5").update(content.body).digest("hex"),
    MD5OfMessageAttributes: attributesMd5(content.attributes ?? {}),
    MD5OfMessageSystemAttributes:
      trace === undefined
        ? undefined
        : attributesMd5({ AWSTraceHeader: { DataType: "String", StringValue: trace } }),
    SequenceNumber: sequenceNumber,
  };
}
