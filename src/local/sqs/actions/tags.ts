import type { Operations } from "../../http/json-protocol.ts";
import { textMap, texts } from "../../http/members.ts";
import { invalidParameterValue, missingParameter } from "../errors.ts";
import { TAGS } from "../limits.ts";
import type { Queues } from "../queues.ts";
import { requiredQueue } from "./required.ts";

export function tagActions(queues: Queues): Operations {
  return {
    TagQueue: async (input) => {
      const queue = requiredQueue(queues, input);
      const added = textMap(input, "Tags");
      if (Object.keys(added).length === 0) throw missingParameter("Tags");
      const tags = { ...queue.state.settings.tags, ...added };
      if (Object.keys(tags).length > TAGS) {
        throw invalidParameterValue(`Too many tags added for queue ${queue.name}.`);
      }
      await queue.update((settings) => ({ ...settings, tags: { ...settings.tags, ...added } }));
      return undefined;
    },

    UntagQueue: async (input) => {
      const queue = requiredQueue(queues, input);
      const removed = texts(input, "TagKeys");
      if (removed.length === 0) {
        throw invalidParameterValue("Tag keys must be between 1 and 128 characters in length.");
      }
      await queue.update((settings) => {
        const kept = Object.entries(settings.tags).filter(([key]) => !removed.includes(key));
        return { ...settings, tags: Object.fromEntries(kept) };
      });
      return undefined;
    },

    ListQueueTags: (input) => {
      const { tags } = requiredQueue(queues, input).state.settings;
      return Object.keys(tags).length > 0 ? { Tags: tags } : {};
    },
  };
}
