import type { Operations } from "../../http/json-protocol.ts";
import { messageToDelete } from "../handles.ts";
import type { StoredMessage } from "../message.ts";
import type { Queues } from "../queues.ts";
import { type BatchFailure, batchEntries, batchFailure, batchResult } from "./batch.ts";
import { requiredQueue, requiredText } from "./required.ts";

export function deleteActions(queues: Queues): Operations {
  return {
    DeleteMessage: async (input) => {
      const queue = requiredQueue(queues, input);
      const message = messageToDelete(queue, requiredText(input, "ReceiptHandle"));
      if (message) await queue.consume([message]);
      return undefined;
    },

    DeleteMessageBatch: async (input) => {
      const queue = requiredQueue(queues, input);
      const messages: StoredMessage[] = [];
      const successful: { Id: string }[] = [];
      const failed: BatchFailure[] = [];
      for (const { id, entry } of batchEntries(input, "DeleteMessageBatchRequestEntry")) {
        try {
          const message = messageToDelete(queue, requiredText(entry, "ReceiptHandle"));
          if (message) messages.push(message);
          successful.push({ Id: id });
        } catch (error) {
          failed.push(batchFailure(id, error));
        }
      }
      await queue.consume(messages);
      return batchResult(successful, failed);
    },
  };
}
