import { topicSources } from "../../topology/from.ts";
import { arn, type KindOnEngine, nameOf } from "./site.ts";

/** Topics, with the subscriptions of queues. Nobody gets e-mail from the engine. */
export const topics: KindOnEngine = {
  async provision({ services, pipeline, names }) {
    for (const name of Object.values(names.topics)) await services.sns.createTopic(name);
    for (const [key, queue] of Object.entries(pipeline.queues)) {
      for (const { topic, rawMessageDelivery, filterPolicy } of topicSources(queue)) {
        await services.sns.subscribe(
          arn("sns", nameOf(names.topics, topic)),
          "sqs",
          arn("sqs", nameOf(names.queues, key)),
          {
            RawMessageDelivery: String(rawMessageDelivery),
            RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn("sqs", names.undelivered) }),
            ...(filterPolicy ? { FilterPolicy: JSON.stringify(filterPolicy) } : {}),
          },
        );
      }
    }
  },
  names: ({ names }) => Object.values(names.topics),
  async remove({ sns }, names) {
    for (const name of names) await sns.removeTopic(arn("sns", name));
  },
  edges: ({ pipeline, names }) =>
    Object.entries(pipeline.queues).flatMap(([key, queue]) =>
      topicSources(queue).map(({ topic }) => [nameOf(names.topics, topic), nameOf(names.queues, key)]),
    ),
  removeEdge: ({ sns }, [topic, queue]) => sns.unsubscribe(arn("sns", topic), arn("sqs", queue)),
};
