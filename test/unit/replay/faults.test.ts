import { expect, it } from "vitest";
import { EXIT } from "../../../src/errors.ts";
import { explain } from "../../../src/replay/faults.ts";

it("an endpoint where nothing answers is no bug in edp", () => {
  const error = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
  expect(explain(error, "local")).toMatchObject({
    code: "UNREACHABLE",
    exitCode: EXIT.notDeployed,
    message: expect.stringContaining("127.0.0.1:1") as string,
  });
  const bug = new TypeError("x is undefined");
  expect(explain(bug, "local")).toBe(bug);
});
