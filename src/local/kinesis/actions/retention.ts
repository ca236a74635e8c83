import type { Operations } from "../../http/json-protocol.ts";
import { integer, type Members } from "../../http/members.ts";
import { invalid, invalidArgument } from "../errors.ts";
import { MAX_RETENTION_HOURS, MIN_RETENTION_HOURS } from "../limits.ts";
import type { Streams } from "../streams.ts";
import { requiredStream } from "./required.ts";

export function retentionActions(streams: Streams): Operations {
  return {
    IncreaseStreamRetentionPeriod: async (input) => {
      const stream = requiredStream(streams, input);
      const hours = requiredHours(input);
      const { retentionHours } = stream.settings;
      if (hours < retentionHours) {
        throw invalidArgument(
          `Requested retention period (${hours} hours) for stream ${stream.name} can not be shorter than existing retention period (${retentionHours} hours). Use DecreaseRetentionPeriod API.`,
        );
      }
      await streams.update(stream, { retentionHours: hours });
      return undefined;
    },

    DecreaseStreamRetentionPeriod: async (input) => {
      const stream = requiredStream(streams, input);
      const hours = requiredHours(input);
      const { retentionHours } = stream.settings;
      if (hours > retentionHours) {
        throw invalidArgument(
          `Requested retention period (${hours} hours) for stream ${stream.name} can not be longer than existing retention period (${retentionHours} hours). Use IncreaseRetentionPeriod API.`,
        );
      }
      await streams.update(stream, { retentionHours: hours });
      return undefined;
    },
  };
}

function requiredHours(input: Members): number {
  const hours = integer(input, "RetentionPeriodHours");
  if (hours === undefined) throw invalid("retentionPeriodHours", undefined, "Member must not be null");
  if (hours < MIN_RETENTION_HOURS) {
    throw invalidArgument(
      `Minimum allowed retention period is ${MIN_RETENTION_HOURS} hours. Requested retention period (${hours} hours) is too short.`,
    );
  }
  if (hours > MAX_RETENTION_HOURS) {
    throw invalidArgument(
      `Maximum allowed retention period is ${MAX_RETENTION_HOURS} hours. Requested retention period (${hours} hours) is too long.`,
    );
  }
  return hours;
}
