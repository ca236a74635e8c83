import type { Fault } from "./faults.ts";
import { NAME_ROOM, UNDELIVERED } from "./names.ts";
import { KINDS, type Pipeline } from "./types.ts";

/** Names too long for a service in some environment, and queues that would be called like another queue. */
export function checkNames(pipeline: Pipeline): Fault[] {
  return [...checkLengths(pipeline), ...checkQueueKeys(pipeline)];
}

function checkLengths(pipeline: Pipeline): Fault[] {
  return KINDS.flatMap((kind) =>
    Object.keys(pipeline[kind]).flatMap((key) => {
      const length = `${pipeline.name}-${key}`.length;
      if (length <= NAME_ROOM[kind]) return [];
      const message = `is too long: ${pipeline.name}-${key} has ${length} characters, ${kind} have room for ${NAME_ROOM[kind]}`;
      return [{ path: [kind, key], message }];
    }),
  );
}

function checkQueueKeys({ queues }: Pipeline): Fault[] {
  return Object.keys(queues).flatMap((key) => {
    if (key === UNDELIVERED) {
      const message = "is reserved for what EventBridge and SNS could not deliver";
      return [{ path: ["queues", key], message }];
    }
    if (!key.endsWith("-dlq")) return [];
    return [{ path: ["queues", key], message: "must not end in -dlq: so do the names of DLQs" }];
  });
}
