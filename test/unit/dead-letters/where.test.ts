import { expect, test } from "vitest";
import { readLetter } from "../../../src/dead-letters/letter.ts";
import { compileWhere } from "../../../src/dead-letters/where.ts";
import { UsageError } from "../../../src/errors.ts";
import { causeAttribute, objectCreated } from "../../support/letters.ts";

const letter = readLetter({
  MessageId: "m-1",
  Body: JSON.stringify(objectCreated("raw/tracks/1.json")),
  MessageAttributes: {
    ...causeAttribute({
      errorCode: "SCHEMA_MISMATCH",
      path: "tracks[3].duration_ms",
      message: "expected a number",
    }),
    tries: { DataType: "Number", StringValue: "7" },
  },
  Attributes: { ApproximateReceiveCount: "3" },
});

test.each([
  "cause.errorCode == 'SCHEMA_MISMATCH'",
  "cause.errorCode == 'SCHEMA_MISMATCH' && cause.path == 'tracks[3].duration_ms'",
  "starts_with(source.key, 'raw/tracks/')",
  "receiveCount > `2`",
  "to_number(attributes.tries) >= `7`",
  "payload.detail.object.key",
  'attributes."edp-cause"',
])("%s selects the letter", (expression) => {
  expect(compileWhere(expression)(letter)).toBe(true);
});

test.each([
  "cause.errorCode == 'NOT_JSON'",
  "body.nothing",
  "payload.list[?x]",
  "starts_with(payload.absent, 'x')",
  "receiveCount == '3'",
])("%s does not select the letter", (expression) => {
  expect(compileWhere(expression)(letter)).toBe(false);
});

test("a broken expression is refused with the place of the fault", () => {
  expect(() => compileWhere("cause.errorCode = 'X'")).toThrow(UsageError);
  expect(() => compileWhere("cause.errorCode = 'X'")).toThrow(
    /\n {2}cause.errorCode = 'X'\n {18}\^ character 17 of 21/,
  );
  expect(() => compileWhere("a[?b == 'x'")).toThrow("^ character 12 of 11");
  expect(() => compileWhere("'abc")).toThrow("character 1 of 4");
  expect(() => compileWhere("")).toThrow(UsageError);
});

test("an unknown function is refused before any letter is looked at", () => {
  expect(() => compileWhere("nope(@)")).toThrow(/nope\(\)/);
});

test("a function that gets a value of another type names the message", () => {
  const where = compileWhere("starts_with(receiveCount, '3')");
  expect(() => where(letter)).toThrow(/m-1/);
});
