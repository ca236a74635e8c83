import { AwsError, type ServiceResponse } from "../../service.ts";
import type { Bucket } from "../bucket.ts";
import { type Call, xmlResponse } from "../call.ts";
import { malformedXml } from "../errors.ts";
import { receiveText } from "../payload.ts";
import { all, document, element, parseXml, text, textOf } from "../xml.ts";
import { deleteOne } from "./delete-object.ts";

/** Most objects one request may name. */
const MAX_OBJECTS = 1000;

interface Named {
  key: string;
  versionId: string | null | undefined;
  ifMatch: string | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export async function deleteObjects(call: Call): Promise<ServiceResponse> {
  const bucket = call.store.bucket(call.bucket);
  const root = parseXml(await receiveText(call.request), "Delete");
  const named = all(root, "Object").map((object): Named => {
    const key = textOf(object, "Key");
    if (!key) throw malformedXml("an Object has no Key");
    const versionId = textOf(object, "VersionId") || undefined;
    return {
      key,
      versionId: versionId === "null" ? null : versionId,
      ifMatch: textOf(object, "ETag") || undefined,
    };
  });
  if (named.length === 0 || named.length > MAX_OBJECTS) {
    throw malformedXml(`it must name 1 to ${MAX_OBJECTS} objects, not ${named.length}`);
  }
  const quiet = textOf(root, "Quiet") === "true";
  const results = await Promise.all(named.map((object) => one(call, bucket, object, quiet)));
  return xmlResponse(document("DeleteResult", ...results));
}

async function one(
  call: Call,
  bucket: Bucket,
  { key, versionId, ifMatch }: Named,
  quiet: boolean,
): Promise<string> {
  const named = text("VersionId", versionId === null ? "null" : versionId);
  try {
    const { requestId } = call.request;
    const deletion = await deleteOne(call.store, bucket, key, versionId, { requestId, ifMatch });
    if (quiet) return "";
    const marker = deletion?.deleteMarker
      ? text("DeleteMarker", true) + text("DeleteMarkerVersionId", deletion.versionId ?? "null")
      : "";
    return element("Deleted", text("Key", key), named, marker);
  } catch (error) {
    const fault =
      error instanceof AwsError ? error : new AwsError("InternalError", (error as Error).message, 500);
    return element(
      "Error",
      text("Key", key),
      named,
      text("Code", fault.code),
      text("Message", fault.message),
    );
  }
}
