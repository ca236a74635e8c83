import { AwsError } from "../service.ts";

/** An error that also answers headers, as a delete marker does. */
export class ErrorWithHeaders extends AwsError {
  constructor(
    error: AwsError,
    readonly headers: Record<string, string>,
  ) {
    super(error.code, error.message, error.status, error.members);
  }
}

// The errors of S3 that more than one operation answers. Codes, texts and statuses:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

export const noSuchBucket = (bucket: string) =>
  new AwsError("NoSuchBucket", "The specified bucket does not exist", 404, { BucketName: bucket });

export const noSuchKey = (key: string) =>
  new AwsError("NoSuchKey", "The specified key does not exist.", 404, { Key: key });

export const noSuchVersion = (key: string, versionId: string) =>
  new AwsError("NoSuchVersion", "The specified version does not exist.", 404, {
    Key: key,
    VersionId: versionId,
  });

export const noSuchUpload = (uploadId: string) =>
  new AwsError(
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    404,
    { UploadId: uploadId },
  );

export const preconditionFailed = (condition: string) =>
  new AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, {
    Condition: condition,
  });

export const invalidArgument = (message: string, name: string, value: string) =>
  new AwsError("InvalidArgument", message, 400, { ArgumentName: name, ArgumentValue: value });

export const invalidRequest = (message: string) => new AwsError("InvalidRequest", message, 400);

export const malformedXml = (detail: string) =>
  new AwsError(
    "MalformedXML",
    `The XML you provided was not well-formed or did not validate against our published schema: ${detail}`,
    400,
  );

export const notImplemented = (what: string) =>
  new AwsError(
    "NotImplemented",
    `edp's local engine does not serve ${what}; use an AWS environment for it`,
    501,
  );
