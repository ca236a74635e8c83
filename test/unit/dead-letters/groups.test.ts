import { expect, test } from "vitest";
import { groupByCause } from "../../../src/dead-letters/groups.ts";
import { type Letter, readLetter } from "../../../src/dead-letters/letter.ts";
import { rowOf } from "../../../src/dead-letters/row.ts";
import { compileWhere } from "../../../src/dead-letters/where.ts";
import { causeAttribute, objectCreated } from "../../support/letters.ts";

let messages = 0;
function letter(cause?: Record<string, unknown>): Letter {
  const id = `m-${messages++}`;
  return readLetter({
    MessageId: id,
    Body: JSON.stringify(objectCreated(`raw/tracks/${id}.json`)),
    MessageAttributes: cause ? causeAttribute(cause) : {},
    Attributes: { SentTimestamp: String(1_795_575_600_000 + messages), ApproximateReceiveCount: "1" },
  });
}

const mismatch = (path: string, message = "expected a number") => ({
  errorCode: "SCHEMA_MISMATCH",
  path,
  message,
});

const groupsOf = (letters: Letter[]) => groupByCause(letters.map((one) => rowOf(one, 1_795_575_700_000)));

test("letters with one cause are one group, the largest first, with the newest as the example", () => {
  const letters = [
    letter({ errorCode: "NOT_JSON", path: "", message: "m" }),
    ...Array.from({ length: 3 }, () => letter(mismatch("tracks[3].duration_ms"))),
  ];
  const [first, second] = groupsOf(letters);
  expect(first).toMatchObject({ count: 3, errorCode: "SCHEMA_MISMATCH", path: "tracks[3].duration_ms" });
  expect(first?.example.messageId).toBe(letters[3]?.messageId);
  expect(first?.where).toBe("cause.errorCode == 'SCHEMA_MISMATCH' && cause.path == 'tracks[3].duration_ms'");
  expect(second).toMatchObject({ count: 1, where: "cause.errorCode == 'NOT_JSON'" });
});

test("what varies within a group is folded", () => {
  const [group, ...others] = groupsOf([
    letter(mismatch("tracks[3].duration_ms", 'got "3:25"')),
    letter(mismatch("tracks[4].duration_ms", 'got "x"')),
  ]);
  expect(others).toEqual([]);
  expect(group).toMatchObject({ count: 2, path: "tracks[*].duration_ms", message: "got *" });
});

test("each group's --where selects exactly its letters, however alike the causes are", () => {
  const letters = [
    letter(),
    letter({ message: "no code" }),
    letter({ errorCode: "X" }),
    letter({ errorCode: "X", path: "" }),
    letter({ errorCode: "X", path: "", message: "took 3 s" }),
    letter({ errorCode: "X", path: "", message: "took 4 s" }),
    letter({ errorCode: "X", path: "", message: 'it\'s broken \\ `quoted` "5"' }),
    letter(mismatch("a[1].b")),
    letter(mismatch("a[2].b")),
    letter(mismatch("a[2].c[3].b")),
    letter(mismatch("a[9].b", "expected a text")),
    letter({ errorCode: "it's", path: "a['x']" }),
  ];
  const groups = groupsOf(letters);
  expect(groups.map(({ count }) => count)).toEqual([2, 2, 1, 1, 1, 1, 1, 1, 1, 1]);
  for (const group of groups) {
    const selected = letters.filter(compileWhere(group.where));
    expect(selected, group.where).toHaveLength(group.count);
    expect(selected.map(({ messageId }) => messageId)).toContain(group.example.messageId);
  }
});
