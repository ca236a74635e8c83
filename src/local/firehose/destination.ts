import { flag, integer, type Members, structure, structures, text } from "../http/members.ts";
import { LOCAL_ACCOUNT } from "../service.ts";
import { invalidArgument } from "./errors.ts";
import { formatQuery, parseQuery } from "./partition-keys.ts";
import { compileErrorPrefix, compilePrefix, hasExpressions, partitionKeysIn } from "./prefix.ts";

/** Where records go and how: https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html */
export interface S3Destination {
  bucket: string;
  prefix: string;
  errorPrefix: string;
  /** JQ path by name; null without dynamic partitioning. */
  partitionKeys: Record<string, string> | null;
  bufferMb: number;
  bufferSeconds: number;
  compression: "GZIP" | "UNCOMPRESSED";
  /** Put behind each record; empty for nothing. */
  delimiter: string;
  /** Takes the place of `.gz`; null for the default. */
  fileExtension: string | null;
  roleArn: string;
}

const DEFAULTS: S3Destination = {
  bucket: "",
  prefix: "",
  errorPrefix: "",
  partitionKeys: null,
  bufferMb: 5,
  bufferSeconds: 300,
  compression: "UNCOMPRESSED",
  delimiter: "",
  fileExtension: null,
  roleArn: `arn:aws:iam::${LOCAL_ACCOUNT}:role/firehose`,
};
/** With dynamic partitioning: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html */
const PARTITIONED_BUFFER_MB = 64;
/** What would change the records or their place, and that the engine has not: a silent success would deceive. */
const REFUSED = ["DataFormatConversionConfiguration", "S3BackupConfiguration", "CustomTimeZone"];

/**
 * Reads ExtendedS3DestinationConfiguration or -Update; what an update leaves out stays as `before`.
 * @throws AwsError InvalidArgumentException
 */
export function parseDestination(input: Members, before: S3Destination = DEFAULTS): S3Destination {
  for (const name of REFUSED) refuse(input, name);
  const hints = structure(input, "BufferingHints");
  const bucketArn = text(input, "BucketARN");
  const destination: S3Destination = {
    ...before,
    ...(bucketArn === undefined ? {} : { bucket: bucketOf(bucketArn) }),
    prefix: text(input, "Prefix") ?? before.prefix,
    errorPrefix: text(input, "ErrorOutputPrefix") ?? before.errorPrefix,
    bufferMb: (hints && integer(hints, "SizeInMBs")) ?? before.bufferMb,
    bufferSeconds: (hints && integer(hints, "IntervalInSeconds")) ?? before.bufferSeconds,
    compression: compressionOf(text(input, "CompressionFormat") ?? before.compression),
    fileExtension: text(input, "FileExtension") ?? before.fileExtension,
    roleArn: text(input, "RoleARN") ?? before.roleArn,
    ...processing(input, before),
  };
  checkDestination(destination);
  return destination;
}

/** The destination as DescribeDeliveryStream shows it. */
export function describeDestination(destination: S3Destination) {
  const { bufferMb, bufferSeconds, partitionKeys, delimiter } = destination;
  const processors = [
    ...(partitionKeys
      ? [
          processor("MetadataExtraction", {
            MetadataExtractionQuery: formatQuery(partitionKeys),
            JsonParsingEngine: "JQ-1.6",
          }),
        ]
      : []),
    ...(delimiter
      ? [processor("AppendDelimiterToRecord", { Delimiter: delimiter === "\n" ? "\\n" : delimiter })]
      : []),
  ];
  const plain = {
    RoleARN: destination.roleArn,
    BucketARN: `arn:aws:s3:::${destination.bucket}`,
    Prefix: destination.prefix,
    ErrorOutputPrefix: destination.errorPrefix,
    BufferingHints: { SizeInMBs: bufferMb, IntervalInSeconds: bufferSeconds },
    CompressionFormat: destination.compression,
    EncryptionConfiguration: { NoEncryptionConfig: "NoEncryption" },
    CloudWatchLoggingOptions: { Enabled: false },
  };
  return {
    DestinationId: DESTINATION_ID,
    S3DestinationDescription: plain,
    ExtendedS3DestinationDescription: {
      ...plain,
      S3BackupMode: "Disabled",
      ProcessingConfiguration: { Enabled: processors.length > 0, Processors: processors },
      DynamicPartitioningConfiguration: { Enabled: partitionKeys !== null },
      ...(destination.fileExtension === null ? {} : { FileExtension: destination.fileExtension }),
    },
  };
}

export const DESTINATION_ID = "destinationId-000000000001";

function processor(Type: string, parameters: Record<string, string>) {
  const Parameters = Object.entries(parameters).map(([ParameterName, ParameterValue]) => ({
    ParameterName,
    ParameterValue,
  }));
  return { Type, Parameters };
}

function refuse(input: Members, name: string): void {
  const value = input[name];
  const off = value === undefined || value === "UTC" || (structure(input, name)?.Enabled ?? true) === false;
  if (!off)
    throw invalidArgument(`${name} is not served by edp's local engine; use an AWS environment for it`);
}

function bucketOf(arn: string): string {
  const bucket = /^arn:aws[a-z-]*:s3:::([^/]+)$/.exec(arn)?.[1];
  if (bucket === undefined) throw invalidArgument(`BucketARN ${arn} is not the ARN of a bucket`);
  return bucket;
}

function compressionOf(format: string): S3Destination["compression"] {
  if (format === "GZIP" || format === "UNCOMPRESSED") return format;
  throw invalidArgument(`The local engine compresses with GZIP or not at all, not with ${format}`);
}

function processing(
  input: Members,
  before: S3Destination,
): Pick<S3Destination, "partitionKeys" | "delimiter"> {
  const configuration = structure(input, "ProcessingConfiguration");
  const partitioning = structure(input, "DynamicPartitioningConfiguration");
  let { partitionKeys, delimiter } = before;
  if (configuration) {
    partitionKeys = null;
    delimiter = "";
    for (const one of flag(configuration, "Enabled") === false
      ? []
      : structures(configuration, "Processors")) {
      const parameters = Object.fromEntries(
        structures(one, "Parameters").map((pair) => [
          text(pair, "ParameterName"),
          text(pair, "ParameterValue"),
        ]),
      );
      const type = text(one, "Type");
      if (type === "MetadataExtraction") partitionKeys = parseQuery(parameters.MetadataExtractionQuery ?? "");
      else if (type === "AppendDelimiterToRecord") {
        delimiter = (parameters.Delimiter ?? "\\n").replaceAll("\\n", "\n");
      } else
        throw invalidArgument(
          `The processor ${type} is not served by edp's local engine; use an AWS environment for it`,
        );
    }
  }
  if (partitionKeys && partitioning && flag(partitioning, "Enabled") === false) {
    throw invalidArgument(
      "MetadataExtraction processor can be present only when Dynamic Partitioning is enabled.",
    );
  }
  return { partitionKeys, delimiter };
}

/** @throws AwsError InvalidArgumentException for what does not fit together, or what the engine can't evaluate */
export function checkDestination({
  bucket,
  prefix,
  errorPrefix,
  partitionKeys,
  bufferMb,
  bufferSeconds,
}: S3Destination): void {
  if (bucket === "") throw invalidArgument("BucketARN must not be null");
  compilePrefix(prefix);
  compileErrorPrefix(errorPrefix);
  if (hasExpressions(prefix) && errorPrefix === "") {
    throw invalidArgument("ErrorOutputPrefix must not be null or empty when Prefix contains expressions");
  }
  if (hasExpressions(errorPrefix) && !errorPrefix.includes("!{firehose:error-output-type}")) {
    throw invalidArgument(
      "ErrorOutputPrefix must contain !{firehose:error-output-type} when it contains expressions",
    );
  }
  for (const name of partitionKeysIn(prefix)) {
    if (!Object.hasOwn(partitionKeys ?? {}, name)) {
      throw invalidArgument(
        `Prefix names the partition key ${name}, which MetadataExtractionQuery does not have`,
      );
    }
  }
  if (bufferMb < 1 || bufferMb > 128) throw invalidArgument("BufferingHints.SizeInMBs must be from 1 to 128");
  if (bufferSeconds < 0 || bufferSeconds > 900) {
    throw invalidArgument("BufferingHints.IntervalInSeconds must be from 0 to 900");
  }
}

/** @throws AwsError InvalidArgumentException where AWS demands a larger buffer than is given */
export function checkPartitionedBuffer({ partitionKeys, bufferMb }: S3Destination): void {
  if (partitionKeys && bufferMb < PARTITIONED_BUFFER_MB) {
    throw invalidArgument(
      `BufferingHints.SizeInMBs must be at least ${PARTITIONED_BUFFER_MB} when Dynamic Partitioning is enabled.`,
    );
  }
}
