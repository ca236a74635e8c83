import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../../src/errors.ts";
import { formatPath } from "../../../src/topology/faults.ts";
import { parsePipeline, readPipeline } from "../../../src/topology/parse.ts";
import { invalidFixtures, validFixtures } from "../../support/topology-fixtures.ts";

describe("a pipeline file that is right", () => {
  it.each(validFixtures())("is returned as it stands: $name", ({ text, file }) => {
    expect(parsePipeline(text, file)).toEqual(JSON.parse(text));
  });
});

describe("a pipeline file that is wrong", () => {
  it.each(invalidFixtures())("is refused with every fault at once: $name", ({ text, file, faults }) => {
    const found = (readPipeline(text, file).faults ?? []).map(
      ({ path, message }) => `${formatPath(path)}: ${message}`,
    );
    // What JSON.parse says differs between versions of Node.
    expect(found.map((fault) => fault.replace(/(is not JSON): .*/, "$1")).sort()).toEqual([...faults].sort());
  });

  it("is refused with file, line, place and remedy", () => {
    const text = `{
  "$schema": "", "name": "x", "description": "d", "unit": "object",
  "buckets": {
    "raw": {
      "versioned": true,
      "eventBridge": 1
    }
  },
  "rules": {}, "topics": {}, "queues": {}, "tables": {}, "databases": {},
  "streams": {}, "deliveries": {}, "functions": {}, "apis": {}
}`;
    const refusal = refusalOf(text, "dir/x.json");
    expect(refusal.message).toBe(`3 faults in a pipeline file:
  dir/x.json:4 buckets.raw.expireNoncurrentDays: is missing: every field has to be written out
  dir/x.json:4 buckets.raw.uploadPrefix: is missing: every field has to be written out
  dir/x.json:6 buckets.raw.eventBridge: must be true or false, not 1`);
    expect(refusal.hint).toContain("pipelines.schema.json");
    expect(refusal.exitCode).toBe(3);
  });

  it("is refused with the line where the JSON breaks off", () => {
    expect(refusalOf('{\n  "name": "x",\n  oops\n}', "x.json").message).toContain(
      "x.json:3 (root): is not JSON",
    );
    expect(refusalOf('{\n  "name": "x",\n', "x.json").message).toContain("x.json:3 (root): is not JSON");
  });
});

function refusalOf(text: string, file: string): InvalidInputError {
  try {
    parsePipeline(text, file);
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
  throw new Error(`${file} was not refused`);
}
