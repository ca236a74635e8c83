import { expect, test } from "vitest";
import { readLetter } from "../../../src/dead-letters/letter.ts";
import { buildTrace } from "../../../src/trace/steps.ts";
import { causeAttribute } from "../../support/letters.ts";

const PLACES = {
  pipeline: "partner",
  landing: ["uploads"],
  outputs: [],
  functions: [],
  topics: 0,
  queues: [],
  deadLetterQueues: [],
};

test("An object that S3 itself told the queue of is followed by that notification into the dead-letter queue", () => {
  const letter = readLetter({
    MessageId: "m-1",
    Body: JSON.stringify({
      Records: [
        {
          eventSource: "aws:s3",
          eventName: "ObjectCreated:Put",
          eventTime: "2026-11-21T03:00:00.500Z",
          s3: {
            configurationId: "arrived",
            bucket: { name: "uploads" },
            object: { key: "incoming/items+20220130.csv", versionId: "v1", size: 3 },
          },
        },
      ],
    }),
    Attributes: { SentTimestamp: String(Date.parse("2026-11-21T03:00:02Z")) },
    MessageAttributes: causeAttribute({
      errorCode: "WRONG_HEADER",
      path: "",
      message: "no column id",
      function: "process",
      requestId: "r-1",
    }),
  });
  const source = { bucket: "uploads", key: "incoming/items 20220130.csv", version: "v1" };
  const findings = {
    places: PLACES,
    puts: [],
    lines: { entries: [], faults: [] },
    letters: [{ letter, queue: "arrived-dlq" }],
  };
  const trace = buildTrace(findings, source, undefined, new Map());
  expect(trace).toMatchObject({ outcome: "deadLettered", key: source.key });
  expect(trace.steps.map(({ kind, text }) => [kind, text])).toEqual([
    ["event", "S3 notification ObjectCreated:Put (arrived)"],
    ["dead letter", "lies in arrived-dlq: WRONG_HEADER: no column id"],
  ]);
});
