import type { Operations } from "../../http/json-protocol.ts";
import { integer, text, textMap } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import { type LogGroup, type LogGroups, logGroupArn } from "../log-groups.ts";
import { invalid, limit, page, required } from "../parameters.ts";

const GROUP_NAME = /^[.\-_/#A-Za-z0-9]{1,512}$/;
const MAX_GROUPS = 50;
/** Days that PutRetentionPolicy takes. */
const RETENTION_DAYS = new Set([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]);

export function logGroupActions(groups: LogGroups): Operations {
  return {
    CreateLogGroup: async (members) => {
      const name = required(members, "logGroupName");
      if (!GROUP_NAME.test(name)) {
        throw invalid(`logGroupName '${name}' may hold 1 to 512 of the characters a-z A-Z 0-9 _ - / . #`);
      }
      if (groups.find(name)) {
        throw new AwsError("ResourceAlreadyExistsException", "The specified log group already exists");
      }
      await groups.create(name, { tags: textMap(members, "tags") });
      return undefined;
    },
    DeleteLogGroup: async (members) => {
      await groups.remove(groups.get(required(members, "logGroupName")));
      return undefined;
    },
    DescribeLogGroups: async (members) => {
      const prefix = text(members, "logGroupNamePrefix");
      const pattern = text(members, "logGroupNamePattern");
      if (prefix !== undefined && pattern !== undefined) {
        throw invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
      }
      const wanted = groups
        .all()
        .filter((group) => group.name.startsWith(prefix ?? ""))
        .filter((group) => group.name.toLowerCase().includes((pattern ?? "").toLowerCase()));
      const { items, nextToken } = page(wanted, members, limit(members, MAX_GROUPS));
      const logGroups = await Promise.all(items.map((group) => describe(groups, group)));
      return { logGroups, nextToken };
    },
    PutRetentionPolicy: async (members) => {
      const group = groups.get(required(members, "logGroupName"));
      const days = integer(members, "retentionInDays");
      if (days === undefined || !RETENTION_DAYS.has(days)) {
        throw invalid(`retentionInDays must be one of ${[...RETENTION_DAYS].join(", ")}`);
      }
      await groups.change(group, { retentionDays: days });
      return undefined;
    },
    DeleteRetentionPolicy: async (members) => {
      await groups.change(groups.get(required(members, "logGroupName")), { retentionDays: undefined });
      return undefined;
    },
  };
}

async function describe(groups: LogGroups, group: LogGroup) {
  const arn = logGroupArn(group.name);
  return {
    logGroupName: group.name,
    creationTime: group.creationTime,
    retentionInDays: group.retentionDays,
    metricFilterCount: 0,
    arn: `${arn}:*`,
    logGroupArn: arn,
    logGroupClass: "STANDARD",
    storedBytes: (await groups.events(group)).bytes,
  };
}
