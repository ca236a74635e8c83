import { texts } from "../../http/members.ts";
import { pairs, type QueryOperations } from "../../http/query-protocol.ts";
import { AwsError } from "../../service.ts";
import type { Topic, Topics } from "../topics.ts";
import { requiredText } from "./required.ts";

const TAGS = 50;

export function tagActions(topics: Topics): QueryOperations {
  const tagged = (arn: string): Topic => {
    const topic = topics.topics.get(arn);
    if (!topic) throw new AwsError("ResourceNotFound", "Resource does not exist", 404);
    return topic;
  };
  return {
    TagResource: async (input) => {
      const topic = tagged(requiredText(input, "ResourceArn"));
      const tags = { ...topic.tags, ...pairs(input.Tags) };
      if (Object.keys(tags).length > TAGS) {
        throw new AwsError(
          "TagLimitExceeded",
          "Could not complete request: tag quota of per resource exceeded",
        );
      }
      await topics.topics.set(topic.arn, { ...topic, tags });
      return {};
    },

    UntagResource: async (input) => {
      const topic = tagged(requiredText(input, "ResourceArn"));
      const removed = texts(input, "TagKeys");
      const kept = Object.entries(topic.tags).filter(([key]) => !removed.includes(key));
      await topics.topics.set(topic.arn, { ...topic, tags: Object.fromEntries(kept) });
      return {};
    },

    ListTagsForResource: (input) => {
      const { tags } = tagged(requiredText(input, "ResourceArn"));
      return { Tags: { member: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) } };
    },
  };
}
