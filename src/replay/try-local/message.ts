import { createHash, randomUUID } from "node:crypto";
import type { Letter } from "../../dead-letters/letter.ts";
import type { LeasedMessage } from "../../local/lambda/queue-port.ts";
import type { MessageAttributes } from "../../local/service.ts";
import { outgoing } from "../outgoing.ts";

/** The message that a replay would make of a letter, as an event source mapping hands it to the function. */
export function messageOf(letter: Letter, now: number): LeasedMessage {
  const { raw } = letter;
  const content = { body: raw.Body ?? "", attributes: raw.MessageAttributes ?? {} };
  const replays = Number(letter.attributes["edp-replay-count"] ?? 0);
  const { body, attributes } = outgoing(letter, content, false, (Number.isFinite(replays) ? replays : 0) + 1);
  const messageAttributes: MessageAttributes = {};
  for (const [name, { DataType = "String", StringValue, BinaryValue }] of Object.entries(attributes)) {
    messageAttributes[name] = {
      DataType,
      ...(StringValue === undefined ? {} : { StringValue }),
      ...(BinaryValue === undefined ? {} : { BinaryValue: Buffer.from(BinaryValue).toString("base64") }),
    };
  }
  const { DeadLetterQueueSourceArn: _origin, ...system } = raw.Attributes ?? {};
  const time = String(now);
  return {
    messageId: randomUUID(),
    receiptHandle: "trial",
    body,
    attributes: {
      ...system,
      ApproximateReceiveCount: "1",
      SentTimestamp: time,
      ApproximateFirstReceiveTimestamp: time,
    },
    messageAttributes,
    md5OfBody: createHash("md5").update(body).digest("hex"),
  };
}
