import type { Operations } from "../../http/json-protocol.ts";
import { textMap, texts } from "../../http/members.ts";
import { type LogGroup, type LogGroups, logGroupName } from "../log-groups.ts";
import { required } from "../parameters.ts";

/** Tags of log groups, by ARN and, in the older form, by name. */
export function tagActions(groups: LogGroups): Operations {
  const byArn = (arn: string) => groups.get(logGroupName(arn));
  const add = (group: LogGroup, tags: Record<string, string>) =>
    groups.change(group, { tags: { ...group.tags, ...tags } });
  const drop = (group: LogGroup, keys: string[]) =>
    groups.change(group, {
      tags: Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key))),
    });
  return {
    TagResource: async (members) => {
      await add(byArn(required(members, "resourceArn")), textMap(members, "tags"));
      return undefined;
    },
    UntagResource: async (members) => {
      await drop(byArn(required(members, "resourceArn")), texts(members, "tagKeys"));
      return undefined;
    },
    ListTagsForResource: (members) => ({ tags: byArn(required(members, "resourceArn")).tags }),
    TagLogGroup: async (members) => {
      await add(groups.get(required(members, "logGroupName")), textMap(members, "tags"));
      return undefined;
    },
    UntagLogGroup: async (members) => {
      await drop(groups.get(required(members, "logGroupName")), texts(members, "tags"));
      return undefined;
    },
    ListTagsLogGroup: (members) => ({ tags: groups.get(required(members, "logGroupName")).tags }),
  };
}
