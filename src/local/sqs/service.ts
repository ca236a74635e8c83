import { failJson, handleJson, type JsonProtocol, type Operations } from "../http/json-protocol.ts";
import { failQuery, handleQuery } from "../http/query-protocol.ts";
import type { Delivery, EngineParts, Service } from "../service.ts";
import { visibilityActions } from "./actions/change-message-visibility.ts";
import { deleteActions } from "./actions/delete-message.ts";
import { moveTaskActions } from "./actions/move-tasks.ts";
import { permissionActions } from "./actions/permissions.ts";
import { queueActions } from "./actions/queues.ts";
import { receiveActions } from "./actions/receive-message.ts";
import { sendActions } from "./actions/send-message.ts";
import { tagActions } from "./actions/tags.ts";
import { mergeAttributes } from "./attributes.ts";
import { queryCode } from "./errors.ts";
import { deletable, heldLeases } from "./handles.ts";
import type { LeasedMessage } from "./message.ts";
import { MoveTasks } from "./move-tasks.ts";
import { QUERY_NAMESPACE, queryOperations } from "./query.ts";
import type { Depth } from "./queue.ts";
import { Queues } from "./queues.ts";
import { checkOutgoing, send } from "./send.ts";

export type { LeasedMessage } from "./message.ts";
export type { Depth } from "./queue.ts";

/** Gauges of one queue, as CloudWatch shows them. */
export interface QueueGauges extends Depth {
  queueName: string;
  /** Messages sent to it and deleted from it since the engine started. */
  sent: number;
  deleted: number;
}

/** SQS of the local engine: the API, and what the engine's other parts use in process. */
export interface SqsService extends Service {
  /** Creates a queue, or sets these attributes on the one of this name. */
  createQueue(name: string, attributes: Record<string, string>): Promise<{ url: string; arn: string }>;
  /** Deletes a queue and its messages; none of this ARN is no error. */
  removeQueue(arn: string): Promise<void>;
  /** @throws AwsError QueueDoesNotExist, or what SendMessage refuses */
  send(queueArn: string, delivery: Delivery): Promise<void>;
  /**
   * Leases up to `max` visible messages, 6 MB at most, as the engine's own: they are visible at once when
   * the engine starts anew. Does not wait.
   */
  poll(queueArn: string, options: { max: number; visibilityMs: number }): Promise<LeasedMessage[]>;
  /** Lets leases end `visibilityMs` from now; those already over are passed over. */
  extend(queueArn: string, receiptHandles: string[], visibilityMs: number): Promise<void>;
  remove(queueArn: string, receiptHandles: string[]): Promise<void>;
  /** Makes leased messages visible `delayMs` from now. */
  release(queueArn: string, receiptHandles: string[], delayMs: number): Promise<void>;
  /** Calls the listener when messages become visible. Returns what ends that. */
  onAvailable(queueArn: string, listener: () => void): () => void;
  depth(queueArn: string): Depth;
  /** The depth of every queue. */
  gauges(): QueueGauges[];
}

const JSON_PROTOCOL: JsonProtocol = {
  version: "1.0",
  target: "AmazonSQS",
  errorNamespace: "com.amazonaws.sqs",
  queryCode,
};
const QUERY_PROTOCOL = { namespace: QUERY_NAMESPACE };

/** Opens the queues of the data directory and serves them by AWS JSON 1.0 and by the query protocol. */
export async function createSqs(parts: EngineParts): Promise<SqsService> {
  const queues = await Queues.open(parts);
  const tasks = await MoveTasks.open(queues, parts);
  const operations: Operations = {
    ...queueActions(queues),
    ...tagActions(queues),
    ...permissionActions(queues),
    ...sendActions(queues),
    ...receiveActions(queues),
    ...deleteActions(queues),
    ...visibilityActions(queues),
    ...moveTaskActions(queues, tasks),
  };
  const byQuery = queryOperations(operations);
  return {
    handle: (request) =>
      request.headers["x-amz-target"]
        ? handleJson(JSON_PROTOCOL, operations, request)
        : handleQuery(QUERY_PROTOCOL, byQuery, request),
    fail: (error, request) =>
      request.headers["x-amz-target"]
        ? failJson(JSON_PROTOCOL, error)
        : failQuery(QUERY_PROTOCOL, error, request, queryCode(error.code)),
    close: async () => {
      await tasks.close();
      await queues.close();
    },

    createQueue: async (name, attributes) => {
      const existing = queues.find(name);
      if (existing) {
        const merged = mergeAttributes(existing.attributes, attributes);
        const changed = Object.keys(merged).some((key) => merged[key] !== existing.attributes[key]);
        if (changed) await queues.setAttributes(existing, attributes);
      }
      const queue = existing ?? (await queues.create(name, attributes));
      return { url: queues.url(queue), arn: queue.arn };
    },
    removeQueue: async (arn) => {
      const queue = queues.findByArn(arn);
      if (queue) await queues.delete(queue);
    },
    send: async (arn, delivery) => {
      const queue = queues.byArn(arn);
      const { body, attributes, traceHeader, messageGroupId, messageDeduplicationId } = delivery;
      const some = attributes !== undefined && Object.keys(attributes).length > 0;
      const message = {
        content: { body, ...(some ? { attributes } : {}), ...(traceHeader ? { trace: traceHeader } : {}) },
        group: messageGroupId,
        deduplicationId: queue.fifo ? messageDeduplicationId : undefined,
      };
      checkOutgoing(queue, message);
      await send(queue, [message]);
    },
    poll: (arn, options) => queues.byArn(arn).receive({ ...options, engine: true }),
    extend: async (arn, handles, visibilityMs) => {
      const queue = queues.byArn(arn);
      await queue.changeVisibility(heldLeases(queue, handles), visibilityMs);
    },
    remove: async (arn, handles) => {
      const queue = queues.byArn(arn);
      await queue.consume(deletable(queue, handles));
    },
    release: async (arn, handles, delayMs) => {
      const queue = queues.byArn(arn);
      await queue.changeVisibility(heldLeases(queue, handles), delayMs);
    },
    onAvailable: (arn, listener) => queues.byArn(arn).onAvailable(listener),
    depth: (arn) => queues.byArn(arn).depth(),
    gauges: () =>
      queues.all().map((queue) => {
        const { name, sent, deleted } = queue;
        return { queueName: name, sent, deleted, ...queue.depth() };
      }),
  };
}
