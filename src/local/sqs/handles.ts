import { AwsError } from "../service.ts";
import { invalidValue, receiptHandleIsInvalid } from "./errors.ts";
import { MAXIMUM_VISIBILITY_SECONDS } from "./limits.ts";
import type { StoredMessage } from "./message.ts";
import type { Queue } from "./queue.ts";
import { decodeHandle } from "./receipt-handle.ts";

/**
 * The message to delete for a receipt handle (API_DeleteMessage). Undefined when there is nothing to do: it
 * is deleted already, or was received anew since, in which case a standard queue accepts the call and keeps
 * the message.
 * @throws AwsError ReceiptHandleIsInvalid for no handle of this queue, InvalidParameterValue for an expired
 *   one of a FIFO queue.
 */
export function messageToDelete(queue: Queue, handle: string): StoredMessage | undefined {
  const { message, receive } = resolve(queue, handle);
  if (!message) return undefined;
  const latest = message.receives === receive;
  if (queue.fifo && (!latest || message.state !== "inFlight")) throw expired(handle);
  return latest ? message : undefined;
}

/**
 * The message whose lease a receipt handle holds (API_ChangeMessageVisibility).
 * @param seconds the new visibility timeout
 * @throws AwsError MessageNotInflight, ReceiptHandleIsInvalid, InvalidParameterValue
 */
export function leaseToChange(queue: Queue, handle: string, seconds: number): StoredMessage {
  if (seconds < 0 || seconds > MAXIMUM_VISIBILITY_SECONDS) {
    throw invalidValue(
      seconds,
      "VisibilityTimeout",
      `VisibilityTimeout must be an integer between 0 and ${MAXIMUM_VISIBILITY_SECONDS}.`,
    );
  }
  const { message, receive } = resolve(queue, handle);
  if (!message) {
    throw invalidValue(
      handle,
      "ReceiptHandle",
      "Message does not exist or is not available for visibility timeout change.",
    );
  }
  if (message.receives !== receive || message.state !== "inFlight") {
    if (queue.fifo) throw expired(handle);
    throw new AwsError(
      "MessageNotInflight",
      `Value ${handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
    );
  }
  const until = queue.parts.clock.now() + seconds * 1000;
  if (until - message.leasedAt > MAXIMUM_VISIBILITY_SECONDS * 1000) {
    throw invalidValue(
      seconds,
      "VisibilityTimeout",
      `Total VisibilityTimeout for the message is beyond the limit [${MAXIMUM_VISIBILITY_SECONDS} seconds]`,
    );
  }
  return message;
}

/** The messages that are still leased under these handles; others are passed over. For the engine's own poller. */
export function heldLeases(queue: Queue, handles: readonly string[]): StoredMessage[] {
  return handles.flatMap((handle) => {
    const { message, receive } = resolve(queue, handle);
    return message && message.receives === receive && message.state === "inFlight" ? message : [];
  });
}

/**
 * The messages to delete for the engine's own poller: also one whose lease has ended, unless somebody has
 * received it since.
 */
export function deletable(queue: Queue, handles: readonly string[]): StoredMessage[] {
  return handles.flatMap((handle) => {
    const { message, receive } = resolve(queue, handle);
    return message?.receives === receive ? message : [];
  });
}

function resolve(queue: Queue, handle: string): { message: StoredMessage | undefined; receive: number } {
  const decoded = decodeHandle(handle);
  if (!decoded || decoded.queueId !== queue.id) throw receiptHandleIsInvalid(handle);
  return { message: queue.state.messages.get(decoded.n), receive: decoded.receive };
}

function expired(handle: string): AwsError {
  return invalidValue(handle, "ReceiptHandle", "The receipt handle has expired.");
}
