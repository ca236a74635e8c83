import { type Members, text } from "../../http/members.ts";
import type { DeliveryStream, DeliveryStreams } from "../delivery-streams.ts";
import { invalidArgument } from "../errors.ts";

/** @throws AwsError InvalidArgumentException */
export function requiredText(input: Members, name: string): string {
  const value = text(input, name);
  if (value === undefined) throw invalidArgument(`${name} must not be null`);
  return value;
}

/** The delivery stream a request names. @throws AwsError ResourceNotFoundException, InvalidArgumentException */
export function requiredStream(streams: DeliveryStreams, input: Members): DeliveryStream {
  return streams.named(requiredText(input, "DeliveryStreamName"));
}
