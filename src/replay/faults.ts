import { userError } from "../aws/errors.ts";
import { CredentialsError, type EdpError, NotDeployedError, UsageError } from "../errors.ts";
import { isConnectionError } from "../ingest/patience.ts";

/** Errors of SQS and SNS about the KMS key of an encrypted queue or topic. */
const KMS = /^(AWS\.SimpleQueueService\.)?K(MS|ms)/;

/**
 * The user's side of an error that a service answered with while messages were replayed; the error itself where it
 * is none.
 */
export function explain(error: unknown, env: string): unknown {
  if (!(error instanceof Error)) return error;
  if (KMS.test(error.name) || /\bkms:/i.test(error.message)) {
    return new CredentialsError(
      `The queue is encrypted with a KMS key that these credentials can't use (${error.name}: ${error.message})`,
      {
        code: "KMS_ACCESS_DENIED",
        hint: "Reading needs kms:Decrypt, sending kms:GenerateDataKey too, on that key: have them granted, or choose other credentials with --profile.",
        cause: error,
      },
    );
  }
  const known = userError(error, env);
  if (known) return known;
  if (!isConnectionError(error)) return error;
  return new NotDeployedError(`The services cannot be reached (${error.message}).`, {
    code: "UNREACHABLE",
    hint: "Check network and URL, and whether the engine or emulator runs. Nothing is lost: the same command goes on.",
    cause: error,
  });
}

/** A queue that was named on the command line doesn't exist. */
export function noSuchQueue(flag: string, url: string, cause?: unknown): EdpError {
  return new UsageError(`${flag}: there is no queue ${url}.`, {
    hint: "Copy the URL from the SQS console or from: aws sqs list-queues. Check --region and --profile too.",
    cause,
  });
}
