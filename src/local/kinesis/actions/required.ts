import { integer, type Members, text } from "../../http/members.ts";
import { invalid } from "../errors.ts";
import type { Stream } from "../stream.ts";
import type { Streams } from "../streams.ts";

/** @throws AwsError ValidationException */
export function requiredText(input: Members, name: string): string {
  const value = text(input, name);
  if (value === undefined) throw invalid(memberName(name), undefined, "Member must not be null");
  return value;
}

/** An integer within bounds, when it is there. @throws AwsError ValidationException */
export function bounded(input: Members, name: string, minimum: number, maximum: number): number | undefined {
  const value = integer(input, name);
  if (value === undefined) return undefined;
  if (value < minimum) {
    throw invalid(memberName(name), value, `Member must have value greater than or equal to ${minimum}`);
  }
  if (value > maximum) {
    throw invalid(memberName(name), value, `Member must have value less than or equal to ${maximum}`);
  }
  return value;
}

/** The name of a stream in its ARN, `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`. */
export function streamNameOf(arn: string): string {
  const name = /^arn:aws[a-z-]*:kinesis:[^:]*:[^:]*:stream\/([^/]+)$/.exec(arn)?.[1];
  if (name === undefined) {
    throw invalid(
      "streamARN",
      arn,
      "Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+",
    );
  }
  return name;
}

/** The stream a request names, by StreamARN or StreamName. @throws AwsError ResourceNotFoundException, ValidationException */
export function requiredStream(streams: Streams, input: Members): Stream {
  const arn = text(input, "StreamARN");
  if (arn !== undefined) return streams.named(streamNameOf(arn));
  return streams.named(requiredText(input, "StreamName"));
}

function memberName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
