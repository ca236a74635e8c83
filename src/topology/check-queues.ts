import type { Fault } from "./faults.ts";
import { checkFilterPolicy } from "./pattern.ts";
import type { Pipeline, Queue } from "./types.ts";

/** What a queue demands of its topics and of its DLQ. */
export function checkQueues({ queues, topics }: Pipeline): Fault[] {
  return Object.entries(queues).flatMap(([key, queue]) => {
    const path = ["queues", key];
    const faults: Fault[] = [];
    if (queue.dlqRetentionSeconds < queue.retentionSeconds) {
      // On a standard queue the age counts from the first send, so a shorter one could expire on arrival.
      const message = `must be at least retentionSeconds (${queue.retentionSeconds}): a dead letter keeps its age`;
      faults.push({ path: [...path, "dlqRetentionSeconds"], message });
    }
    faults.push(...checkSources(queue, path));
    queue.from.forEach((source, index) => {
      if (!("topic" in source) || Object.hasOwn(topics, source.topic)) return;
      faults.push({ path: [...path, "from", index, "topic"], message: `there is no topic ${source.topic}` });
    });
    return faults;
  });
}

function checkSources({ from, fifo }: Queue, path: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  if (fifo && from.length > 0) {
    // https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-delivery.html
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
    faults.push({
      path: [...path, "from"],
      message: "must be empty: neither a standard topic nor S3 can deliver to a FIFO queue",
    });
  }
  from.forEach((source, index) => {
    if (!("topic" in source)) return;
    const { topic, filterPolicy } = source;
    if (from.slice(0, index).some((earlier) => "topic" in earlier && earlier.topic === topic)) {
      const message = `${topic} is named twice: a topic has one subscription per queue`;
      faults.push({ path: [...path, "from", index, "topic"], message });
    }
    if (filterPolicy)
      faults.push(...checkFilterPolicy(filterPolicy, [...path, "from", index, "filterPolicy"]));
  });
  return faults;
}
