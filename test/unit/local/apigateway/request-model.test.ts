import { describe, expect, it } from "vitest";
import { GatewayResponse } from "../../../../src/local/apigateway/gateway-response.ts";
import { compileModel } from "../../../../src/local/apigateway/request-model.ts";

const event = { type: "object", required: ["type"], properties: { type: { type: "string" } } };
const model = {
  $schema: "http://json-schema.org/draft-04/schema#",
  type: ["object", "array"],
  required: ["type"],
  properties: { type: { type: "string" } },
  minItems: 1,
  maxItems: 3,
  items: event,
};

describe("a request model", () => {
  it.each(['{"type":"cart"}', '[{"type":"cart"},{"type":"user","data":null}]'])("takes %s", async (text) => {
    expect((await compileModel(model))(text)).toBeUndefined();
  });

  it.each([
    ["{}", '[object has missing required properties (["type"])]'],
    [
      '{"type":1}',
      '[/type: instance type (integer) does not match any allowed primitive type (allowed: ["string"])]',
    ],
    [
      '"cart"',
      '[instance type (string) does not match any allowed primitive type (allowed: ["object","array"])]',
    ],
    [
      "null",
      '[instance type (null) does not match any allowed primitive type (allowed: ["object","array"])]',
    ],
    ["[]", "[array is too short: must have at least 1 elements but instance has 0 elements]"],
    [
      '[{"type":"a"},{"type":"a"},{"type":"a"},{"type":"a"}]',
      "[array is too long: must have at most 3 elements but instance has 4 elements]",
    ],
    ['[{"type":"a"},{}]', '[/1: object has missing required properties (["type"])]'],
    ["{", expect.stringContaining("the body is not JSON")],
    ["", expect.stringContaining("the body is not JSON")],
  ])("refuses %s with the reason", async (text, reason) => {
    const check = await compileModel(model);
    const refused = (() => {
      try {
        check(text);
      } catch (error) {
        return error as GatewayResponse;
      }
    })();
    expect(refused).toBeInstanceOf(GatewayResponse);
    expect(refused?.response.status).toBe(400);
    expect(JSON.parse(String(refused?.response.body))).toEqual({
      message: "Invalid request body",
      error: reason,
    });
  });

  it("must be a schema", async () => {
    await expect(compileModel({ type: "thing" })).rejects.toThrow("schema is invalid");
  });
});
