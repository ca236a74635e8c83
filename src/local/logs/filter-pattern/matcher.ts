/** Whether a log event's message matches. */
export type Matcher = (message: string) => boolean;

/** The filter pattern is not valid. */
export class FilterPatternError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FilterPatternError";
  }
}
