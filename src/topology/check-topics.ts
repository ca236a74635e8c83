import type { Fault } from "./faults.ts";
import { topicSources } from "./from.ts";
import type { Pipeline } from "./types.ts";

/** A topic's rule must exist, and somebody must take its messages. */
export function checkTopics({ topics, rules, queues }: Pipeline): Fault[] {
  const subscribed = new Set(
    Object.values(queues).flatMap((queue) => topicSources(queue).map(({ topic }) => topic)),
  );
  return Object.entries(topics).flatMap(([key, { from, email }]) => {
    const faults: Fault[] = [];
    if (from && !Object.hasOwn(rules, from.rule)) {
      faults.push({ path: ["topics", key, "from", "rule"], message: `there is no rule ${from.rule}` });
    }
    if (!subscribed.has(key) && !email) {
      const message = "no queue takes its messages: they would be lost";
      faults.push({ path: ["topics", key], message });
    }
    return faults;
  });
}
