import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION, type ServiceResponse } from "../../service.ts";
import { type Call, isoTime, xmlResponse } from "../call.ts";
import { checkAcl } from "../object-headers.ts";
import { receiveText } from "../payload.ts";
import { document, element, parseXml, text, textOf } from "../xml.ts";

const OWNER = text("ID", LOCAL_ACCOUNT) + text("DisplayName", "local");

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export function listBuckets({ store, request }: Call): ServiceResponse {
  const prefix = request.query.get("prefix") ?? "";
  const after = request.query.get("continuation-token") ?? "";
  const limit = Number(request.query.get("max-buckets") ?? "10000");
  const names = store.names().filter((name) => name.startsWith(prefix) && name > after);
  const page = names.slice(0, limit);
  const buckets = page.map((name) => {
    const { created, location } = store.bucket(name).settings;
    return element(
      "Bucket",
      text("Name", name),
      text("CreationDate", isoTime(created)),
      text("BucketRegion", location || LOCAL_REGION),
    );
  });
  const more = names.length > page.length ? text("ContinuationToken", page.at(-1)) : "";
  return xmlResponse(
    document("ListAllMyBucketsResult", element("Owner", OWNER), element("Buckets", ...buckets), more),
  );
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html: creating a bucket that one owns
 * succeeds in us-east-1 and is a conflict in every other region.
 */
export async function createBucket({ store, request, bucket: name }: Call): Promise<ServiceResponse> {
  if (String(request.headers["x-amz-bucket-object-lock-enabled"]).toLowerCase() === "true") {
    throw new AwsError("NotImplemented", "edp's local engine does not serve S3 Object Lock", 501);
  }
  checkAcl(request.headers);
  const body = await receiveText(request);
  const location =
    body === "" ? "" : (textOf(parseXml(body, "CreateBucketConfiguration"), "LocationConstraint") ?? "");
  const known = store.find(name);
  if (known && (location || LOCAL_REGION) !== LOCAL_REGION) {
    throw new AwsError(
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
      409,
      { BucketName: name },
    );
  }
  if (!known) store.create(name, { location });
  return { status: 200, headers: { location: `/${name}` } };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html */
export async function deleteBucket({ store, bucket: name }: Call): Promise<ServiceResponse> {
  const { index, settings } = store.bucket(name);
  if (!index.isEmpty) {
    const detail = settings.versioning === null ? "" : " You must delete all versions in the bucket.";
    throw new AwsError("BucketNotEmpty", `The bucket you tried to delete is not empty.${detail}`, 409, {
      BucketName: name,
    });
  }
  await store.remove(name);
  return { status: 204 };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html */
export function headBucket({ store, bucket: name }: Call): ServiceResponse {
  const { location } = store.bucket(name).settings;
  return { status: 200, headers: { "x-amz-bucket-region": location || LOCAL_REGION } };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
export function getBucketLocation({ store, bucket: name }: Call): ServiceResponse {
  return xmlResponse(document("LocationConstraint", textContent(store.bucket(name).settings.location)));
}

/** Region names need no escaping: they were checked or come from here. */
function textContent(region: string): string {
  return region === LOCAL_REGION ? "" : region.replace(/[^a-z0-9-]/gi, "");
}
