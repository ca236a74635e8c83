import { UsageError } from "../errors.ts";
import type { TailEvent } from "./event.ts";

/** What of the log is shown, beyond what CloudWatch filters. */
export interface Selection {
  /** Applied to the event's text as it was logged. */
  grep: RegExp | undefined;
  errors: boolean;
  /** A request id or its beginning, in lower case. */
  request: string | undefined;
}

/** @throws UsageError for a pattern that is no regular expression */
export function parseGrep(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch {
    // Without the u flag more is allowed, an escaped hyphen among it.
    try {
      return new RegExp(pattern);
    } catch (error) {
      throw new UsageError(
        `--grep ${JSON.stringify(pattern)} is not a regular expression: ${(error as Error).message}`,
        {
          hint: 'Put a backslash before characters that are meant as they are: --grep "a\\.b\\("',
        },
      );
    }
  }
}

/** Whether an event is to be shown; `raw` is its text as it was logged. */
export function isSelected({ grep, errors, request }: Selection, event: TailEvent, raw: string): boolean {
  if (request && !event.requestId?.toLowerCase().startsWith(request)) return false;
  if (errors && event.level !== "ERROR" && event.level !== "FATAL") return false;
  return !grep || grep.test(raw);
}
