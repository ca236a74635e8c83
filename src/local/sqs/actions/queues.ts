import type { Operations } from "../../http/json-protocol.ts";
import { integer, type Members, text, textMap, texts } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import { isQueueAttribute } from "../attributes.ts";
import { invalidAttributeName, invalidValue, queueDoesNotExist } from "../errors.ts";
import { PURGE_INTERVAL_MS } from "../limits.ts";
import type { Queue } from "../queue.ts";
import type { Queues } from "../queues.ts";
import { requiredQueue, requiredText } from "./required.ts";

/** Queues in one page of ListQueues and ListDeadLetterSourceQueues. */
const PAGE = 1_000;

export function queueActions(queues: Queues): Operations {
  const purgedAt = new WeakMap<Queue, number>();
  return {
    CreateQueue: async (input) => {
      const tags = { ...textMap(input, "tags"), ...textMap(input, "Tags") };
      const queue = await queues.create(requiredText(input, "QueueName"), textMap(input, "Attributes"), tags);
      return { QueueUrl: queues.url(queue) };
    },

    DeleteQueue: async (input) => {
      await queues.delete(requiredQueue(queues, input));
      return undefined;
    },

    GetQueueUrl: (input) => {
      const queue = queues.find(requiredText(input, "QueueName"));
      if (!queue) throw queueDoesNotExist();
      return { QueueUrl: queues.url(queue) };
    },

    ListQueues: (input) => {
      const prefix = text(input, "QueueNamePrefix") ?? "";
      const named = queues.all().filter(({ name }) => name.startsWith(prefix));
      const { page, NextToken } = paged(named, input);
      return page.length > 0 ? { QueueUrls: page.map((queue) => queues.url(queue)), NextToken } : {};
    },

    ListDeadLetterSourceQueues: (input) => {
      const { page, NextToken } = paged(queues.sourcesOf(requiredQueue(queues, input)), input);
      return { queueUrls: page.map((queue) => queues.url(queue)), NextToken };
    },

    GetQueueAttributes: (input) => {
      const queue = requiredQueue(queues, input);
      const names = texts(input, "AttributeNames");
      const unknown = names.find((name) => !isQueueAttribute(name));
      if (unknown !== undefined) throw invalidAttributeName(unknown);
      if (names.length === 0) return {};
      const all = attributesOf(queue);
      if (names.includes("All")) return { Attributes: all };
      const chosen = Object.entries(all).filter(([name]) => names.includes(name));
      return chosen.length > 0 ? { Attributes: Object.fromEntries(chosen) } : {};
    },

    SetQueueAttributes: async (input) => {
      await queues.setAttributes(requiredQueue(queues, input), textMap(input, "Attributes"));
      return undefined;
    },

    PurgeQueue: async (input) => {
      const queue = requiredQueue(queues, input);
      const now = queue.parts.clock.now();
      if (now - (purgedAt.get(queue) ?? Number.NEGATIVE_INFINITY) < PURGE_INTERVAL_MS) {
        throw new AwsError(
          "PurgeQueueInProgress",
          `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
          403,
        );
      }
      purgedAt.set(queue, now);
      await queue.remove([...queue.state.messages.values()]);
      return undefined;
    },
  };
}

function attributesOf(queue: Queue): Record<string, string> {
  const { visible, inFlight, delayed } = queue.depth();
  const { createdAt, modifiedAt, attributes } = queue.state.settings;
  return {
    ...attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(modifiedAt / 1000)),
  };
}

/** One page by name; NextToken is given only when MaxResults was, as AWS does. */
function paged(all: Queue[], input: Members): { page: Queue[]; NextToken?: string } {
  const max = integer(input, "MaxResults");
  if (max !== undefined && (max < 1 || max > PAGE)) {
    throw invalidValue(max, "MaxResults", `Must be between 1 and ${PAGE}, if provided.`);
  }
  const token = text(input, "NextToken");
  const after = token === undefined ? "" : Buffer.from(token, "base64url").toString("utf8");
  const rest = all.filter(({ name }) => name > after);
  const page = rest.slice(0, max ?? PAGE);
  const last = page.at(-1);
  if (max === undefined || !last || page.length === rest.length) return { page };
  return { page, NextToken: Buffer.from(last.name).toString("base64url") };
}
