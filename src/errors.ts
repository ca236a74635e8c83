/** Exit codes of the CLI contract, published in the README. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  invalidInput: 3,
  credentials: 4,
  terraform: 5,
  partlyDone: 6,
  notDeployed: 7,
  checkFailed: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorDetails {
  /** What the user can do about it, one sentence or a command. */
  hint?: string;
  cause?: unknown;
  /** The same facts as data, for `--json` only. */
  data?: Readonly<Record<string, unknown>>;
}

/**
 * An error the user can act on: printed without a stack, as `{"error":{code,message,hint}}` under `--json`,
 * with its data where there is some.
 * Anything thrown that is not an EdpError counts as a bug in edp.
 */
export class EdpError extends Error {
  readonly hint: string | undefined;
  readonly data: ErrorDetails["data"];

  constructor(
    /** Stable, upper-case identifier, e.g. `PORT_IN_USE`. */
    readonly code: string,
    readonly exitCode: ExitCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.name = new.target.name;
    this.hint = details.hint;
    this.data = details.data;
  }
}

/** The command line itself is wrong (exit 2). */
export class UsageError extends EdpError {
  constructor(message: string, details?: ErrorDetails) {
    super("USAGE", EXIT.usage, message, details);
  }
}

/** A configuration or input file is wrong (exit 3); the message names file and place. */
export class InvalidInputError extends EdpError {
  constructor(message: string, details?: ErrorDetails & { code?: string }) {
    super(details?.code ?? "INVALID_INPUT", EXIT.invalidInput, message, details);
  }
}

/** Credentials are missing, refused or expired (exit 4). */
export class CredentialsError extends EdpError {
  constructor(message: string, details?: ErrorDetails & { code?: string }) {
    super(details?.code ?? "CREDENTIALS", EXIT.credentials, message, details);
  }
}

/** The environment is not deployed or cannot be reached (exit 7). */
export class NotDeployedError extends EdpError {
  constructor(message: string, details?: ErrorDetails & { code?: string }) {
    super(details?.code ?? "NOT_DEPLOYED", EXIT.notDeployed, message, details);
  }
}

/** The user stopped the command; everything is left in a consistent state (exit 130). */
export class InterruptedError extends EdpError {
  constructor(message = "Interrupted.", details?: ErrorDetails) {
    super("INTERRUPTED", EXIT.interrupted, message, details);
  }
}

/** The user ended a command that only watches: nothing was cut short, so nothing is said (exit 130). */
export class WatchEndedError extends InterruptedError {
  constructor() {
    super("Ended by the user.");
  }
}
