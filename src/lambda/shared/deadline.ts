import { setMaxListeners } from "node:events";

/**
 * A signal that gives up all requests under way after `ms` milliseconds, or earlier with `other`.
 * Every request listens to it until it is answered, and there are dozens at a time: Node would warn of a leak from
 * the eleventh on, as an error in the function's log.
 */
export function deadline(ms: number, other?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(Math.max(1, ms));
  const signal = other ? AbortSignal.any([other, timeout]) : timeout;
  setMaxListeners(0, signal);
  return signal;
}
