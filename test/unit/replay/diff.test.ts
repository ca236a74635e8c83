import { describe, expect, it } from "vitest";
import { type Letter, readLetter } from "../../../src/dead-letters/letter.ts";
import { diffLetters } from "../../../src/replay/diff.ts";

function letter(Body: string, attributes: Record<string, string> = {}): Letter {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
  );
  return readLetter({ MessageId: "m", Body, MessageAttributes });
}

function notification(message: string, subject: string): Letter {
  return letter(
    JSON.stringify({
      Type: "Notification",
      TopicArn: "t",
      Subject: subject,
      Message: message,
      Timestamp: "",
    }),
  );
}

describe("the difference that an edit makes", () => {
  it("is that of the payload and of the attributes, with the lines beside it", () => {
    const before = letter('{"id":1,"kind":"album"}', { lang: "de" });
    const after = letter('{"id":2,"kind":"album"}', { lang: "en" });
    expect(diffLetters(before, after).split("\n")).toEqual([
      "  {",
      '-   "id": 1,',
      '+   "id": 2,',
      '    "kind": "album"',
      "  }",
      "- @lang: de",
      "+ @lang: en",
    ]);
  });

  it("shows the envelope where that changes", () => {
    const shown = diffLetters(notification('{"id":1}', "old"), notification('{"id":1}', "new"));
    expect(shown).toContain('-   "Subject": "old"');
    expect(shown).toContain('+   "Subject": "new"');
    const both = diffLetters(notification('{"id":1}', "old"), notification('{"id":2}', "new"));
    expect(both).toContain('+   "Subject": "new"');
    expect(both).toContain('+   "id": 2');
  });

  it("shows the text where only that changes: a number that JavaScript rounds, or blanks", () => {
    const shown = diffLetters(letter('{"id":9007199254740993}'), letter('{"id":9007199254740992}'));
    expect(shown).toBe('- {"id":9007199254740993}\n+ {"id":9007199254740992}');
  });

  it("is empty where nothing changes", () => {
    expect(diffLetters(letter("text"), letter("text"))).toBe("");
  });
});
