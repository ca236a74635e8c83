import { topicSources } from "../../topology/from.ts";
import { mailGroup, OUTBOX_ADDRESS } from "../sns/mail.ts";
import { arn, type KindOnEngine, nameOf } from "./site.ts";

const MAIL_RETENTION_DAYS = 30;

/** Topics, with the subscriptions of queues, and an outbox for what would go out by e-mail. */
export const topics: KindOnEngine = {
  async provision({ services, pipeline, names }) {
    for (const [key, { email }] of Object.entries(pipeline.topics)) {
      const { arn: topicArn } = await services.sns.createTopic(nameOf(names.topics, key));
      if (!email) {
        await services.sns.unsubscribe(topicArn, OUTBOX_ADDRESS);
        continue;
      }
      await services.logs.createGroup(mailGroup(topicArn), MAIL_RETENTION_DAYS);
      await services.sns.subscribe(topicArn, "email", OUTBOX_ADDRESS, {});
    }
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
  async remove({ sns, logs }, names) {
    for (const name of names) {
      await sns.removeTopic(arn("sns", name));
      await logs.removeGroup(mailGroup(arn("sns", name)));
    }
  },
  edges: ({ pipeline, names }) =>
    Object.entries(pipeline.queues).flatMap(([key, queue]) =>
      topicSources(queue).map(({ topic }) => [nameOf(names.topics, topic), nameOf(names.queues, key)]),
    ),
  removeEdge: ({ sns }, [topic, queue]) => sns.unsubscribe(arn("sns", topic), arn("sqs", queue)),
};
