import type { Operations } from "../../http/json-protocol.ts";
import { flag, type Members, texts } from "../../http/members.ts";
import { notFound, validation } from "../errors.ts";
import { missing, requiredStructure, requiredTable, requiredText } from "../parameters.ts";
import type { Database } from "../store/database.ts";
import type { TableDefinition } from "../store/definition.ts";
import { tagsOf } from "../tables/definition-of.ts";
import { tableArn } from "../tables/describe.ts";

/** Point-in-time recovery reaches back this far, in seconds (35 days). */
const RECOVERY_SECONDS = 35 * 24 * 3600;

/** Time to live, point-in-time recovery (kept and answered; the engine restores nothing) and tags. */
export function settingsActions(database: Database): Operations {
  return {
    UpdateTimeToLive: async (input) => {
      const table = requiredTable(database, input);
      const specification = requiredStructure(input, "TimeToLiveSpecification");
      const name = requiredText(specification, "AttributeName");
      const enabled = flag(specification, "Enabled") ?? false;
      await database.redefine(table, (now) => {
        if (enabled === (now.ttlAttribute !== null)) {
          throw validation(`TimeToLive is already ${enabled ? "enabled" : "disabled"}`);
        }
        if (!enabled && name !== now.ttlAttribute) {
          throw validation(
            `TimeToLive is active on a different AttributeName: current AttributeName is ${now.ttlAttribute}`,
          );
        }
        return { ...now, ttlAttribute: enabled ? name : null };
      });
      return { TimeToLiveSpecification: { AttributeName: name, Enabled: enabled } };
    },

    DescribeTimeToLive: (input) => {
      const { ttlAttribute } = requiredTable(database, input).definition;
      return {
        TimeToLiveDescription:
          ttlAttribute === null
            ? { TimeToLiveStatus: "DISABLED" }
            : { TimeToLiveStatus: "ENABLED", AttributeName: ttlAttribute },
      };
    },

    UpdateContinuousBackups: async (input) => {
      const table = requiredTable(database, input);
      const specification = requiredStructure(input, "PointInTimeRecoverySpecification");
      const pointInTimeRecovery = flag(specification, "PointInTimeRecoveryEnabled");
      if (pointInTimeRecovery === undefined) throw missing("PointInTimeRecoveryEnabled");
      await database.redefine(table, (now) => ({ ...now, pointInTimeRecovery }));
      return { ContinuousBackupsDescription: backups(table.definition, database.now()) };
    },

    DescribeContinuousBackups: (input) => ({
      ContinuousBackupsDescription: backups(requiredTable(database, input).definition, database.now()),
    }),

    TagResource: async (input) => {
      const added = tagsOf(input);
      await database.redefine(tagged(database, input), (now) => ({
        ...now,
        tags: { ...now.tags, ...added },
      }));
      return undefined;
    },

    UntagResource: async (input) => {
      const gone = texts(input, "TagKeys");
      await database.redefine(tagged(database, input), (now) => ({
        ...now,
        tags: Object.fromEntries(Object.entries(now.tags).filter(([key]) => !gone.includes(key))),
      }));
      return undefined;
    },

    ListTagsOfResource: (input) => ({
      Tags: Object.entries(tagged(database, input).definition.tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}

function backups({ pointInTimeRecovery, createdAt }: TableDefinition, now: number): object {
  return {
    ContinuousBackupsStatus: "ENABLED",
    PointInTimeRecoveryDescription: pointInTimeRecovery
      ? {
          PointInTimeRecoveryStatus: "ENABLED",
          RecoveryPeriodInDays: RECOVERY_SECONDS / 86_400,
          EarliestRestorableDateTime: Math.max(createdAt / 1000, now / 1000 - RECOVERY_SECONDS),
          LatestRestorableDateTime: now / 1000,
        }
      : { PointInTimeRecoveryStatus: "DISABLED" },
  };
}

function tagged(database: Database, input: Members) {
  const arn = requiredText(input, "ResourceArn");
  const table = database.tables().find(({ definition }) => tableArn(definition.name) === arn);
  if (!table) throw notFound(`ResourcArn: ${arn} not found`);
  return table;
}
