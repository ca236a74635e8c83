import type { Operations } from "../../http/json-protocol.ts";
import { flag, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import { type LogGroups, logGroupArn } from "../log-groups.ts";
import { invalid, limit, namedGroup, page, required } from "../parameters.ts";

const STREAM_NAME = /^[^:*]{1,512}$/;
const MAX_STREAMS = 50;

export function logStreamActions(groups: LogGroups): Operations {
  return {
    CreateLogStream: async (members) => {
      const group = groups.get(required(members, "logGroupName"));
      const name = required(members, "logStreamName");
      if (!STREAM_NAME.test(name)) {
        throw invalid(`logStreamName '${name}' may hold 1 to 512 characters, none of them : or *`);
      }
      if (group.streams.has(name)) {
        throw new AwsError("ResourceAlreadyExistsException", "The specified log stream already exists");
      }
      await groups.createStream(group, name);
      return undefined;
    },
    DeleteLogStream: async (members) => {
      const group = groups.get(required(members, "logGroupName"));
      const stream = groups.stream(group, required(members, "logStreamName"));
      await groups.removeStream(group, stream.name);
      return undefined;
    },
    DescribeLogStreams: async (members) => {
      const group = namedGroup(groups, members);
      const prefix = text(members, "logStreamNamePrefix");
      const orderBy = text(members, "orderBy") ?? "LogStreamName";
      if (orderBy !== "LogStreamName" && orderBy !== "LastEventTime") {
        throw invalid("orderBy must be LogStreamName or LastEventTime");
      }
      if (orderBy === "LastEventTime" && prefix !== undefined) {
        throw invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
      }
      const events = await (await groups.events(group)).statistics();
      const last = (number: number) => events.get(number)?.last ?? 0;
      const sign = flag(members, "descending") ? -1 : 1;
      const streams = [...group.streams.values()]
        .filter((stream) => stream.name.startsWith(prefix ?? ""))
        .sort((a, b) => {
          const byName = a.name < b.name ? -1 : 1;
          return sign * (orderBy === "LogStreamName" ? byName : last(a.number) - last(b.number) || byName);
        });
      const { items, nextToken } = page(streams, members, limit(members, MAX_STREAMS));
      const logStreams = items.map(({ name, number, creationTime }) => {
        const known = events.get(number);
        return {
          logStreamName: name,
          creationTime,
          firstEventTimestamp: known?.first,
          lastEventTimestamp: known?.last,
          lastIngestionTime: known?.lastIngestion,
          arn: `${logGroupArn(group.name)}:log-stream:${name}`,
          storedBytes: 0,
        };
      });
      return { logStreams, nextToken };
    },
  };
}
