import type { ServiceResponse } from "../../service.ts";
import { type Call, xmlResponse } from "../call.ts";
import { malformedXml, notImplemented } from "../errors.ts";
import { receiveText } from "../payload.ts";
import { document, parseXml, text, textOf } from "../xml.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html */
export function getBucketVersioning({ store, bucket: name }: Call): ServiceResponse {
  const { versioning } = store.bucket(name).settings;
  return xmlResponse(document("VersioningConfiguration", text("Status", versioning ?? undefined)));
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
export async function putBucketVersioning({ store, request, bucket: name }: Call): Promise<ServiceResponse> {
  const bucket = store.bucket(name);
  const root = parseXml(await receiveText(request), "VersioningConfiguration");
  const status = textOf(root, "Status");
  if (status !== "Enabled" && status !== "Suspended")
    throw malformedXml("Status must be Enabled or Suspended");
  if (textOf(root, "MfaDelete") === "Enabled") throw notImplemented("MFA delete");
  bucket.save({ ...bucket.settings, versioning: status });
  return { status: 200 };
}
