import { expect, test } from "vitest";
import { fold, foldPath } from "../../../src/dead-letters/fold.ts";

test.each([
  ['expected a number, got "3:25"', 'expected a number, got "4:01"'],
  ["expected 3 items, got 17", "expected 4 items, got 1,024.5"],
  ["no object raw/tracks/1.json", "no object raw/albums/ÄÖ.json"],
  [
    "request 22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324 failed",
    "request 17793124-05d4-b198-2fde-7ededc63b103 failed",
  ],
  ["not before 2026-11-21T03:00:00.123Z", "not before 2025-01-01 10:00:00"],
  ["album 6YqpHLuzfNyCWkDGWvF0Pd is gone", "album 1Cs0zKBU1kc0i8ypK3B9ai is gone"],
  ["arn:aws:sqs:us-east-1:000000000000:a/b is unknown", "arn:aws:sqs:eu-west-1:111111111111:c/d is unknown"],
])("%s and %s fold to the same", (one, other) => {
  expect(fold(one)).toBe(fold(other));
});

test.each([
  ["expected a number, got text", "expected a text, got number"],
  ["OBJECT_NOT_FOUND", "OBJECT_TOO_LARGE"],
])("%s and %s stay apart", (one, other) => {
  expect(fold(one)).not.toBe(fold(other));
});

test("indices of a path are folded, names stay", () => {
  expect(foldPath("tracks[3].artists[12].name2")).toBe("tracks[*].artists[*].name2");
});

test("a line of 256 KB is folded at once", () => {
  expect(fold("x/".repeat(128 * 1024)).length).toBeLessThanOrEqual(1_000);
});
