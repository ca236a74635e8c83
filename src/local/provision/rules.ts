import type { Topic } from "../../topology/types.ts";
import { arn, type KindOnEngine, nameOf } from "./site.ts";

/** Rules, with the topics that they feed as targets. */
export const rules: KindOnEngine = {
  async provision({ services, pipeline, names }) {
    const dlqArn = arn("sqs", names.undelivered);
    for (const [key, rule] of Object.entries(pipeline.rules)) {
      const name = nameOf(names.rules, key);
      await services.events.putRule(name, withBucket(rule.pattern, nameOf(names.buckets, rule.from.bucket)));
      for (const topic of fedBy(pipeline.topics, key)) {
        const target = { id: topic, arn: arn("sns", nameOf(names.topics, topic)), dlqArn };
        await services.events.putTarget(name, target);
      }
    }
  },
  names: ({ names }) => Object.values(names.rules),
  async remove({ events }, names) {
    for (const name of names) await events.removeRule(name);
  },
  edges: ({ pipeline, names }) =>
    Object.keys(pipeline.rules).flatMap((key) =>
      fedBy(pipeline.topics, key).map((topic) => [nameOf(names.rules, key), nameOf(names.topics, topic)]),
    ),
  removeEdge: ({ events }, [rule, topic]) => events.removeTarget(rule, arn("sns", topic)),
};

function fedBy(topics: Record<string, Topic>, rule: string): string[] {
  return Object.keys(topics).filter((key) => topics[key]?.from?.rule === rule);
}

/** Narrows a rule's pattern to its bucket, as the HCL module does. */
function withBucket(pattern: Record<string, unknown>, bucketName: string): object {
  const detail = (pattern.detail ?? {}) as Record<string, unknown>;
  return { ...pattern, detail: { ...detail, bucket: { name: [bucketName] } } };
}
