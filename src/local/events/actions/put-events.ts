import { randomUUID } from "node:crypto";
import type { Outbox } from "../../delivery/outbox.ts";
import type { Operations } from "../../http/json-protocol.ts";
import { type Members, structures, text, texts } from "../../http/members.ts";
import { type BusEvent, type EngineParts, LOCAL_ACCOUNT, LOCAL_REGION } from "../../service.ts";
import { dispatch } from "../dispatch.ts";
import { compileEventPattern } from "../pattern.ts";
import { busName, type Rules } from "../rules.ts";
import { requiredText, validation } from "./required.ts";

const ENTRIES = 10;
/** Bytes of all entries of a request (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html). */
const REQUEST_BYTES = 1_048_576;
/** What the time of an entry counts for in its size. */
const TIME_BYTES = 14;

interface EntryError {
  ErrorCode: string;
  ErrorMessage: string;
}

export function eventActions(rules: Rules, outbox: Outbox, parts: EngineParts): Operations {
  return {
    PutEvents: async (input) => {
      const entries = structures(input, "Entries");
      if (entries.length === 0 || entries.length > ENTRIES) {
        throw validation(
          `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length from 1 to ${ENTRIES}`,
        );
      }
      if (entries.reduce((sum, entry) => sum + entrySize(entry), 0) > REQUEST_BYTES) {
        throw validation("Total size of the entries in the request is over the limit.");
      }
      const results = await Promise.all(
        entries.map(async (entry) => {
          const error = entryError(entry);
          if (error) return error;
          const event = eventOf(entry, parts.clock.now());
          // An unknown bus takes the event and nobody sees it, as on AWS.
          await dispatch(
            rules,
            outbox,
            busName(text(entry, "EventBusName")),
            event,
            text(entry, "TraceHeader"),
          );
          return { EventId: event.id };
        }),
      );
      return { FailedEntryCount: results.filter((result) => "ErrorCode" in result).length, Entries: results };
    },

    TestEventPattern: (input) => {
      const matches = compileEventPattern(requiredText(input, "EventPattern"));
      const event = parseObject(requiredText(input, "Event"));
      if (!event) throw validation("Parameter Event is not valid: it must be a JSON object.");
      for (const member of ["id", "account", "source", "time", "region", "resources", "detail-type"]) {
        if (!Object.hasOwn(event, member))
          throw validation(`Parameter Event is not valid: it lacks ${member}.`);
      }
      return { Result: matches(event) };
    },
  };
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html */
function entrySize(entry: Members): number {
  const size = (value: string | undefined) => Buffer.byteLength(value ?? "");
  const resources = texts(entry, "Resources").reduce((sum, resource) => sum + size(resource), 0);
  const time = entry.Time === undefined ? 0 : TIME_BYTES;
  return (
    time +
    size(text(entry, "Source")) +
    size(text(entry, "DetailType")) +
    size(text(entry, "Detail")) +
    resources
  );
}

function entryError(entry: Members): EntryError | undefined {
  const missing = ["Source", "DetailType", "Detail"].find((name) => !text(entry, name));
  if (missing) {
    return {
      ErrorCode: "InvalidArgument",
      ErrorMessage: `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.`,
    };
  }
  if (text(entry, "Source")?.startsWith("aws.")) {
    return { ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source." };
  }
  if (!parseObject(text(entry, "Detail") ?? "")) {
    return { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
  }
  return undefined;
}

function eventOf(entry: Members, now: number): BusEvent {
  // SDKs send Time as epoch seconds.
  const time = typeof entry.Time === "number" ? entry.Time * 1000 : now;
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": text(entry, "DetailType") ?? "",
    source: text(entry, "Source") ?? "",
    account: LOCAL_ACCOUNT,
    time: new Date(time).toISOString().replace(/\.\d{3}Z$/, "Z"),
    region: LOCAL_REGION,
    resources: texts(entry, "Resources"),
    detail: parseObject(text(entry, "Detail") ?? "") ?? {},
  };
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Not JSON: the caller words the error.
    return undefined;
  }
}
