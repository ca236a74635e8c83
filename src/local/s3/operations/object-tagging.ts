import { AwsError, type ServiceResponse } from "../../service.ts";
import { type Call, findVersion, requestedVersion, versionHeader, xmlResponse } from "../call.ts";
import { malformedXml, noSuchKey } from "../errors.ts";
import { checkTags } from "../object-headers.ts";
import { receiveText } from "../payload.ts";
import { stage } from "../staging.ts";
import { all, document, element, parseXml, text, textOf } from "../xml.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export function getObjectTagging(call: Call): ServiceResponse {
  const { bucket, version } = findTagged(call);
  const tags = Object.entries(bucket.metadata(call.key, version).tags ?? {});
  const set = tags.map(([key, value]) => element("Tag", text("Key", key), text("Value", value)));
  return xmlResponse(
    document("Tagging", element("TagSet", ...set)),
    versionHeader(bucket, version.versionId),
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export async function putObjectTagging(call: Call): Promise<ServiceResponse> {
  const root = parseXml(await receiveText(call.request), "Tagging");
  const tags: Record<string, string> = {};
  for (const tag of all(root, "TagSet").flatMap((set) => all(set, "Tag"))) {
    const key = textOf(tag, "Key");
    const value = textOf(tag, "Value");
    if (key === undefined || value === undefined) throw malformedXml("a Tag needs Key and Value");
    if (key in tags) {
      throw new AwsError("InvalidTag", "Cannot provide multiple Tags with the same key", 400, {
        TagKey: key,
      });
    }
    tags[key] = value;
  }
  checkTags(tags);
  return replaceTags(call, tags, 200);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export function deleteObjectTagging(call: Call): Promise<ServiceResponse> {
  return replaceTags(call, {}, 204);
}

/** Tags lie behind the payload in the object's file, so the file is written anew; the version stays the same. */
async function replaceTags(
  call: Call,
  tags: Record<string, string>,
  status: number,
): Promise<ServiceResponse> {
  const { bucket, version } = findTagged(call);
  const { metadata, payload } = bucket.read(call.key, version);
  const content = version.size === 0 ? Buffer.alloc(0) : payload(0, version.size - 1);
  const staged = await stage(Buffer.isBuffer(content) ? one(content) : content, {
    directory: bucket.temporary,
  });
  if (bucket.index.find(call.key, version.versionId) !== version) {
    staged.discard();
    throw new AwsError("OperationAborted", "The object was changed meanwhile. Please try again.", 409);
  }
  bucket.put(staged, { ...metadata, tags });
  return { status, headers: versionHeader(bucket, version.versionId) };
}

function findTagged(call: Call) {
  const found = findVersion(call.store, call.bucket, call.key, requestedVersion(call));
  if (!found.version.deleteMarker) return found;
  if (requestedVersion(call) === undefined) throw noSuchKey(call.key);
  throw new AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405);
}

async function* one(buffer: Buffer): AsyncGenerator<Buffer> {
  yield buffer;
}
