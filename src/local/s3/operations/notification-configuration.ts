import type { ServiceResponse } from "../../service.ts";
import { type Call, header, xmlResponse } from "../call.ts";
import { invalidArgument } from "../errors.ts";
import { testEvent } from "../events.ts";
import { type NotificationTarget, parseNotifications, renderNotifications } from "../notifications.ts";
import { receiveText } from "../payload.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html */
export function getBucketNotification({ store, bucket: name }: Call): ServiceResponse {
  return xmlResponse(renderNotifications(store.bucket(name).settings.notifications));
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html: queues and
 * topics get a test event first, and one that cannot be reached refuses the whole configuration.
 */
export async function putBucketNotification(call: Call): Promise<ServiceResponse> {
  const bucket = call.store.bucket(call.bucket);
  const notifications = parseNotifications(await receiveText(call.request));
  if (header(call, "x-amz-skip-destination-validation")?.toLowerCase() !== "true") {
    const known = new Set(bucket.settings.notifications.targets.map(({ arn }) => arn));
    for (const target of notifications.targets) if (!known.has(target.arn)) await validate(call, target);
  }
  bucket.save({ ...bucket.settings, notifications });
  return { status: 200 };
}

async function validate({ store, bucket, request }: Call, { kind, arn }: NotificationTarget): Promise<void> {
  if (kind === "CloudFunction") return;
  try {
    await store.deliver(arn, testEvent(bucket, store.now(), request.requestId));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidArgument(
      `Unable to validate the following destination configurations: ${reason}`,
      arn,
      "The destination does not exist or cannot be reached",
    );
  }
}
