import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { EXIT, InvalidInputError } from "../../src/errors.ts";

describe("edp.config.json", () => {
  it("has defaults for what it doesn't say", () => {
    expect(parseConfig("{}", "edp.config.json")).toMatchObject({ project: "edp", env: "local" });
  });

  it("names every fault with its key and ends with exit code 3", () => {
    const parse = () =>
      parseConfig('{"project":"My Project","pipeline":[],"backend":"ftp://x"}', "edp.config.json");
    expect(parse).toThrow(InvalidInputError);
    expect(parse).toThrow(/3 fault\(s\)[\s\S]*project:[\s\S]*backend:[\s\S]*pipeline/);
    try {
      parse();
    } catch (error) {
      expect((error as InvalidInputError).exitCode).toBe(EXIT.invalidInput);
    }
  });

  it("says where JSON is broken", () => {
    expect(() => parseConfig('{"project":', "edp.config.json")).toThrow(/edp\.config\.json is not JSON/);
  });
});
