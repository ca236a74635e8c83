import type { Operations } from "../../http/json-protocol.ts";
import { text, textMap, texts } from "../../http/members.ts";
import { invalidArgument } from "../errors.ts";
import { MAX_TAGS } from "../limits.ts";
import type { Stream } from "../stream.ts";
import type { Streams } from "../streams.ts";
import { bounded, requiredStream, requiredText, streamNameOf } from "./required.ts";

export function tagActions(streams: Streams): Operations {
  const byResource = (input: Record<string, unknown>) =>
    streams.named(streamNameOf(requiredText(input, "ResourceARN")));
  const add = async (stream: Stream, added: Record<string, string>) => {
    const tags = { ...stream.settings.tags, ...added };
    if (Object.keys(tags).length > MAX_TAGS) {
      throw invalidArgument(
        `Failed to add tags to stream ${stream.name} because it would exceed the limit of ${MAX_TAGS}`,
      );
    }
    await streams.update(stream, { tags });
    return undefined;
  };
  const remove = async (stream: Stream, removed: string[]) => {
    const kept = Object.entries(stream.settings.tags).filter(([key]) => !removed.includes(key));
    await streams.update(stream, { tags: Object.fromEntries(kept) });
    return undefined;
  };
  return {
    AddTagsToStream: (input) => add(requiredStream(streams, input), textMap(input, "Tags")),
    RemoveTagsFromStream: (input) => remove(requiredStream(streams, input), texts(input, "TagKeys")),
    TagResource: (input) => add(byResource(input), textMap(input, "Tags")),
    UntagResource: (input) => remove(byResource(input), texts(input, "TagKeys")),
    ListTagsForResource: (input) => ({ Tags: asList(byResource(input).settings.tags) }),

    ListTagsForStream: (input) => {
      const { settings } = requiredStream(streams, input);
      const after = text(input, "ExclusiveStartTagKey") ?? "";
      const rest = asList(settings.tags).filter(({ Key }) => Key > after);
      const page = rest.slice(0, bounded(input, "Limit", 1, MAX_TAGS) ?? MAX_TAGS);
      return { Tags: page, HasMoreTags: page.length < rest.length };
    },
  };
}

function asList(tags: Record<string, string>): { Key: string; Value: string }[] {
  return Object.entries(tags)
    .map(([Key, Value]) => ({ Key, Value }))
    .sort((a, b) => (a.Key < b.Key ? -1 : 1));
}
