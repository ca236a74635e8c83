import { type Members, text } from "../../http/members.ts";
import { missingParameter } from "../errors.ts";
import type { Queue } from "../queue.ts";
import type { Queues } from "../queues.ts";

/** A string member that must be there. @throws AwsError MissingParameter */
export function requiredText(input: Members, name: string): string {
  const value = text(input, name);
  if (value === undefined || value === "") throw missingParameter(name);
  return value;
}

/** The queue that QueueUrl names. @throws AwsError MissingParameter, QueueDoesNotExist */
export function requiredQueue(queues: Queues, input: Members): Queue {
  return queues.byUrl(requiredText(input, "QueueUrl"));
}
