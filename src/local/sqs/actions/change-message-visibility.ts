import type { Operations } from "../../http/json-protocol.ts";
import { integer, type Members } from "../../http/members.ts";
import { missingParameter } from "../errors.ts";
import { leaseToChange } from "../handles.ts";
import type { Queues } from "../queues.ts";
import { type BatchFailure, batchEntries, batchFailure, batchResult } from "./batch.ts";
import { requiredQueue, requiredText } from "./required.ts";

export function visibilityActions(queues: Queues): Operations {
  return {
    ChangeMessageVisibility: async (input) => {
      const queue = requiredQueue(queues, input);
      const seconds = timeout(input);
      const message = leaseToChange(queue, requiredText(input, "ReceiptHandle"), seconds);
      await queue.changeVisibility([message], seconds * 1000);
      return undefined;
    },

    ChangeMessageVisibilityBatch: async (input) => {
      const queue = requiredQueue(queues, input);
      const successful: { Id: string }[] = [];
      const failed: BatchFailure[] = [];
      for (const { id, entry } of batchEntries(input, "ChangeMessageVisibilityBatchRequestEntry")) {
        try {
          const seconds = timeout(entry);
          const message = leaseToChange(queue, requiredText(entry, "ReceiptHandle"), seconds);
          await queue.changeVisibility([message], seconds * 1000);
          successful.push({ Id: id });
        } catch (error) {
          failed.push(batchFailure(id, error));
        }
      }
      return batchResult(successful, failed);
    },
  };
}

function timeout(input: Members): number {
  const seconds = integer(input, "VisibilityTimeout");
  if (seconds === undefined) throw missingParameter("VisibilityTimeout");
  return seconds;
}
