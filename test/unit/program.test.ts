import { describe, expect, it } from "vitest";
import { calledAs } from "../../src/program.ts";

describe("help calls edp", () => {
  const installed = "/usr/lib/node_modules/@edp-cli/edp";
  it.each([
    ["edp where it is installed", {}, installed, "edp"],
    ["npx edp where npx started it", { npm_command: "exec" }, installed, "npx edp"],
    ["npx edp in a clone", {}, "/home/me/edp", "npx edp"],
  ])("%s", (_case, variables, root, called) => {
    expect(calledAs(variables, root)).toBe(called);
  });
});
