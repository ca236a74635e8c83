import type { Message } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";
import { readLetter } from "../../../src/dead-letters/letter.ts";
import { causeAttribute, objectCreated, snsNotification, textAttributes } from "../../support/letters.ts";

const read = (Body: string, more: Partial<Message> = {}) => readLetter({ MessageId: "m-1", Body, ...more });
const object = { bucket: "bronze", key: "raw/tracks/1.json", version: "v1" };
const event = objectCreated(object.key);
const s3Record = {
  eventSource: "aws:s3",
  eventName: "ObjectCreated:Put",
  eventTime: "2026-11-21T03:00:00Z",
  s3: { bucket: { name: "bronze" }, object: { key: "raw/tracks/a+b.json", versionId: "v2", size: 3 } },
};

describe("an object event that SNS brought into the queue", () => {
  const letter = read(snsNotification(event, { customer: { Type: "String", Value: "7" } }), {
    MessageAttributes: causeAttribute({
      errorCode: "NOT_JSON",
      path: "",
      message: "x",
      function: "f",
      requestId: "r",
    }),
    Attributes: { SentTimestamp: "1795575600000", ApproximateReceiveCount: "4" },
  });

  test("is opened down to the event", () => {
    expect(letter).toMatchObject({ envelope: "sns", payload: event, source: object, eventId: event.id });
    expect(letter.objects).toEqual([object]);
  });
  test("has its cause from the function's attribute", () => {
    expect(letter.cause).toEqual({ errorCode: "NOT_JSON", path: "", message: "x" });
    expect(letter.evidence).toMatchObject({ origin: "edp-cause", function: "f", requestId: "r" });
  });
  test("tells receives, time and the attributes of the notification", () => {
    expect(letter).toMatchObject({ receiveCount: 4, sentAt: "2026-11-25T03:00:00.000Z", messageId: "m-1" });
    expect(letter.attributes.customer).toBe("7");
  });
});

test("a notification that was redriven from a queue is `sns`, one that SNS itself gave up is `sns-dlq`", () => {
  const redriven = {
    Attributes: { DeadLetterQueueSourceArn: "arn:aws:sqs:us-east-1:0:q" },
  } as Partial<Message>;
  expect(read(snsNotification(event), redriven).envelope).toBe("sns");
  expect(read(snsNotification(event)).envelope).toBe("sns-dlq");
});

test("an event that EventBridge could not deliver has the cause that EventBridge gives", () => {
  const letter = read(JSON.stringify(event), {
    MessageAttributes: textAttributes({
      RULE_ARN: "arn:aws:events:us-east-1:0:rule/landed",
      TARGET_ARN: "arn:aws:sns:us-east-1:0:landed",
      ERROR_CODE: "NO_PERMISSIONS",
      ERROR_MESSAGE: "not authorized",
    }),
  });
  expect(letter).toMatchObject({ envelope: "eventbridge-dlq", source: object });
  expect(letter.cause).toEqual({ errorCode: "NO_PERMISSIONS", path: null, message: "not authorized" });
  expect(letter.evidence.origin).toBe("eventbridge");
});

test("an event of an asynchronous invocation has the function's error", () => {
  const payload = { Records: [{ EventSource: "aws:sns", Sns: { Message: JSON.stringify({ order: 1 }) } }] };
  const letter = read(JSON.stringify(payload), {
    MessageAttributes: textAttributes({ RequestID: "r-1", ErrorCode: "200", ErrorMessage: "boom" }),
  });
  expect(letter).toMatchObject({ envelope: "lambda-async", payload: { order: 1 } });
  expect(letter.cause).toEqual({ errorCode: "LAMBDA_200", path: null, message: "boom" });
  expect(letter.evidence.requestId).toBe("r-1");
});

test("an S3 notification gives every object of it, with the keys decoded", () => {
  const second = { ...s3Record, s3: { ...s3Record.s3, object: { key: "raw/z.json", versionId: "v3" } } };
  const letter = read(JSON.stringify({ Records: [s3Record, second] }));
  expect(letter.envelope).toBe("s3");
  expect(letter.objects.map(({ key }) => key)).toEqual(["raw/tracks/a b.json", "raw/z.json"]);
  expect(letter.source.version).toBe("v2");
});

test("an event that is no object's has no source, but its id", () => {
  const letter = read(JSON.stringify({ id: "e-1", source: "shop", "detail-type": "Sold", detail: { n: 1 } }));
  expect(letter).toMatchObject({ envelope: "eventbridge", eventId: "e-1" });
  expect(letter.source).toEqual({ bucket: null, key: null, version: null });
});

test.each(["", "{broken", "null", "[1,2]", "\u001b[2Jtext", '{"Records":[null]}', '{"Records":"x"}'])(
  "a body that is no event is taken as it is: %j",
  (text) => {
    const letter = read(text);
    expect(letter.envelope).toBe("sqs");
    expect(letter.objects).toEqual([]);
    expect(letter.cause).toEqual({ errorCode: null, path: null, message: null });
  },
);

test("a cause attribute that is no JSON is the message, and one of other types is passed over", () => {
  const cause = (StringValue: string) =>
    read("x", { MessageAttributes: { "edp-cause": { DataType: "String", StringValue } } }).cause;
  expect(cause("by hand")).toEqual({ errorCode: null, path: null, message: "by hand" });
  expect(cause('{"errorCode":5,"message":"m"}')).toEqual({ errorCode: null, path: null, message: "m" });
});

test("binary attributes are shown in base64", () => {
  const MessageAttributes = { blob: { DataType: "Binary", BinaryValue: Uint8Array.of(0, 255) } };
  expect(read("x", { MessageAttributes }).attributes.blob).toBe("AP8=");
});
