import { expect, it } from "vitest";
import { jsonFaultOffset } from "../../../src/ingest/json-position.ts";
import { Random } from "../../../src/ingest/random.ts";

const BASE = '{"a":[1,-2.5e3,true,null,"x\\n\\u00e9\\"",{"b":{}}],"c":[],"d":"é🌊"}';
const NOISE = '{}[],:"0e.-+\n\\tru x';

/** Cuts, drops or adds a character. */
function damage(text: string, random: Random): string {
  const at = random.between(0, text.length - 1);
  const kind = random.between(0, 2);
  if (kind === 0) return text.slice(0, at);
  if (kind === 1) return text.slice(0, at) + text.slice(at + 1);
  return text.slice(0, at) + NOISE[random.between(0, NOISE.length - 1)] + text.slice(at);
}

it("finds a fault exactly where JSON.parse refuses a text", () => {
  const random = new Random("json", "faults");
  for (let round = 0; round < 5_000; round++) {
    let text = BASE;
    for (let times = random.between(1, 3); times > 0 && text !== ""; times--) text = damage(text, random);
    let valid = true;
    try {
      JSON.parse(text);
    } catch {
      valid = false;
    }
    expect([text, jsonFaultOffset(text) === undefined]).toEqual([text, valid]);
  }
});
