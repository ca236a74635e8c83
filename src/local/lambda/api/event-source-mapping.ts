import type { Members } from "../../http/members.ts";
import { flag, integer, structure } from "../../http/members.ts";
import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION } from "../../service.ts";
import { functionArn } from "../function.ts";
import type { MappingOverrides } from "../mapping-store.ts";
import type { MappingSettings, QueueMapping } from "../queue-mapping.ts";

/** Limits of SQS event source mappings: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html */
const MAX_BATCH_SIZE = 10_000;
const MAX_BATCH_SIZE_FIFO = 10;
const MAX_WINDOW_SECONDS = 300;
/** A batch above this needs a window. */
const WINDOWLESS_BATCH_SIZE = 10;

/** A mapping as GetEventSourceMapping shows it. */
export function mappingConfiguration(mapping: QueueMapping, lastModified: number) {
  const { uuid, settings } = mapping;
  return {
    UUID: uuid,
    EventSourceMappingArn: `arn:aws:lambda:${LOCAL_REGION}:${LOCAL_ACCOUNT}:event-source-mapping:${uuid}`,
    EventSourceArn: settings.queueArn,
    FunctionArn: functionArn(settings.functionName),
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: Math.ceil(settings.batchWindowMs / 1000),
    ScalingConfig: { MaximumConcurrency: settings.maximumConcurrency },
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    State: settings.enabled ? "Enabled" : mapping.running ? "Disabling" : "Disabled",
    StateTransitionReason: "USER_INITIATED",
    LastProcessingResult: mapping.lastResult,
    LastModified: lastModified / 1000,
  };
}

/** Reads the members of UpdateEventSourceMapping. @throws AwsError InvalidParameterValueException */
export function mappingChanges(members: Members, settings: MappingSettings): MappingOverrides {
  const changes: MappingOverrides = {};
  const enabled = flag(members, "Enabled");
  if (enabled !== undefined) changes.enabled = enabled;
  const fifo = settings.queueArn.endsWith(".fifo");
  const largest = fifo ? MAX_BATCH_SIZE_FIFO : MAX_BATCH_SIZE;
  const batchSize = within("BatchSize", integer(members, "BatchSize"), 1, largest);
  if (batchSize !== undefined) changes.batchSize = batchSize;
  const window = within(
    "MaximumBatchingWindowInSeconds",
    integer(members, "MaximumBatchingWindowInSeconds"),
    0,
    fifo ? 0 : MAX_WINDOW_SECONDS,
  );
  if (window !== undefined) changes.batchWindowMs = window * 1000;
  const scaling = structure(members, "ScalingConfig");
  const concurrency = within(
    "MaximumConcurrency",
    scaling && integer(scaling, "MaximumConcurrency"),
    2,
    1000,
  );
  if (concurrency !== undefined) changes.maximumConcurrency = concurrency;
  const next = { ...settings, ...changes };
  if (next.batchSize > WINDOWLESS_BATCH_SIZE && next.batchWindowMs === 0) {
    throw new AwsError(
      "InvalidParameterValueException",
      "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    );
  }
  return changes;
}

function within(name: string, value: number | undefined, least: number, most: number): number | undefined {
  if (value !== undefined && (value < least || value > most)) {
    throw new AwsError(
      "InvalidParameterValueException",
      `${name} must be from ${least} to ${most}, and is ${value}`,
    );
  }
  return value;
}
