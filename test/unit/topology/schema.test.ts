import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { describe, expect, it } from "vitest";
import { PIPELINES_DIRECTORY } from "../../../src/package-root.ts";
import { readShape } from "../../../src/topology/shape.ts";
import { KINDS, type Pipeline } from "../../../src/topology/types.ts";
import { invalidFixtures, validFixtures } from "../../support/topology-fixtures.ts";

const schema = JSON.parse(
  readFileSync(path.join(PIPELINES_DIRECTORY, "..", "pipelines.schema.json"), "utf8"),
) as Record<string, unknown>;
const validate: ValidateFunction = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);

const schemaTakes = (json: unknown) => validate(json) === true;
const parserTakes = (json: unknown) => readShape(json).faults.length === 0;

describe("the JSON schema for editors", () => {
  it.each(validFixtures())("takes what the parser takes: $name", ({ text }) => {
    expect(schemaTakes(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each(invalidFixtures().filter(({ faults }) => !faults[0]?.includes("is not JSON")))(
    "refuses exactly the faults of shape: $name",
    ({ text, refusedBy }) => {
      expect(schemaTakes(JSON.parse(text))).toBe(!refusedBy.includes("schema"));
    },
  );

  it("agrees with the parser on every single change of a valid file", { timeout: 60_000 }, () => {
    const whole = validFixtures().filter(({ name }) => ["many-edges", "every-kind"].includes(name));
    const differing: string[] = [];
    let changes = 0;
    for (const { text } of whole) {
      for (const { root, below } of eachAlone(JSON.parse(text) as Pipeline)) {
        for (const describe of everyChange(root, below)) {
          changes++;
          if (schemaTakes(root) !== parserTakes(root)) differing.push(describe());
        }
      }
    }
    expect(differing).toEqual([]);
    expect(changes).toBeGreaterThan(5000);
  });

  it("describes every field", () => {
    expect([...undescribed(schema, "(root)")]).toEqual([]);
  });
});

/** Whole numbers that meet the limits of every field from both sides. */
const NUMBERS = [
  ...[-1, 0, 1, 2, 4, 5, 19, 20, 21, 23, 24, 35, 36, 59, 60, 127, 128, 129, 300, 301, 511, 512, 900, 901],
  ...[1000, 1001, 3650, 3651, 5000, 5001, 8760, 8761, 65_536, 65_537, 1e9, 1e9 + 1],
  ...[10_000, 10_001, 10_240, 10_241, 43_200, 43_201, 1_209_600, 1_209_601],
];

/** Every wrong type, and texts that some field takes. */
const OTHERS: unknown[] = [
  ...[null, true, 1, 1.5, 1000, {}, [], [{}], ["a", "a"]],
  ...["", "a", "A", "row", "17", "N", "a b", "db.t4g.small", "x".repeat(256), "GZIP", "GET"],
];

/** What stands for anything: numbers by the limits only where there may be one. */
const probesFor = (value: unknown) =>
  typeof value === "number" || value === null ? [...OTHERS, ...NUMBERS] : OTHERS;

/** The document without its things, then with each of them alone: its shape doesn't depend on the others. */
function* eachAlone(pipeline: Pipeline): Generator<{ root: object; below: string[] }> {
  const empty = { ...pipeline, ...Object.fromEntries(KINDS.map((kind) => [kind, {}])) };
  yield { root: empty, below: [] };
  for (const kind of KINDS) {
    for (const [key, thing] of Object.entries(pipeline[kind])) {
      yield { root: { ...empty, [kind]: { [key]: thing } }, below: [kind, key] };
    }
  }
}

/**
 * Changes the document in place, one thing at a time: a value replaced, a field removed or one added, for every place in
 * it; what it yields says which. Each change is taken back before the next.
 */
function* everyChange(root: object, below: readonly string[]): Generator<() => string> {
  for (const place of [...places(root, [])]) {
    if (!below.every((part, index) => place[index] === part)) continue;
    // What lies inside a pattern or a filter policy is no matter of shape.
    if (place.some((part) => ["pattern", "filterPolicy", "requestModel"].includes(part)) && place.length > 6)
      continue;
    const owner = place.slice(0, -1).reduce<object>((at, key) => Reflect.get(at, key) as object, root);
    const key = place.at(-1) ?? "";
    const value: unknown = Reflect.get(owner, key);
    for (const probe of probesFor(value)) {
      Reflect.set(owner, key, probe);
      yield () => `${place.join(".")} = ${JSON.stringify(probe)}`;
    }
    Reflect.set(owner, key, value);
    if (Array.isArray(owner)) {
      // What is left of a list that has lost one is null in JSON.
      Reflect.set(owner, key, null);
      yield () => `${place.join(".")} removed`;
      Reflect.set(owner, key, value);
      continue;
    }
    Reflect.deleteProperty(owner, key);
    yield () => `${place.join(".")} removed`;
    Reflect.set(owner, key, value);
    Reflect.set(owner, "Another_field", 1);
    yield () => `${place.join(".")} and a field beside it`;
    Reflect.deleteProperty(owner, "Another_field");
  }
}

function* places(value: object, path: readonly string[]): Generator<readonly string[]> {
  for (const [key, inner] of Object.entries(value)) {
    yield [...path, key];
    if (typeof inner === "object" && inner !== null) yield* places(inner, [...path, key]);
  }
}

function* undescribed(node: unknown, at: string): Generator<string> {
  if (typeof node !== "object" || node === null) return;
  for (const [key, inner] of Object.entries(node)) {
    if (key === "properties") {
      for (const [name, field] of Object.entries(inner as Record<string, object>)) {
        if (!("description" in field) && !("$ref" in field)) yield `${at}.${name}`;
      }
    }
    yield* undescribed(inner, `${at}.${key}`);
  }
}
