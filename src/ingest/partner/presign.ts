import type { Clients } from "../../aws/clients.ts";

/**
 * A URL that puts one object, signed with the caller's credentials: https://docs.aws.amazon.com/AmazonS3/latest/userguide/PresignedUrlUploadObject.html
 * @param seconds until it expires, at most seven days; credentials of a role end it earlier
 */
export async function presignPut(
  clients: Clients,
  bucket: string,
  key: string,
  seconds: number,
): Promise<string> {
  const [{ PutObjectCommand }, { getSignedUrl }] = await Promise.all([
    import("@aws-sdk/client-s3"),
    import("@aws-sdk/s3-request-presigner"),
  ]);
  const s3 = await clients.s3();
  // The SDK would sign the checksum of the body it has, which is none, and S3 refuse any other.
  s3.config.requestChecksumCalculation = async () => "WHEN_REQUIRED";
  return getSignedUrl(s3, new PutObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: seconds });
}
