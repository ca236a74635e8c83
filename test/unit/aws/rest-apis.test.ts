import { expect, it } from "vitest";
import { restApiId } from "../../../src/aws/rest-apis.ts";

it.each([
  ["AWS", "https://abc123def4.execute-api.eu-west-1.amazonaws.com/v1"],
  ["the local engine", "http://127.0.0.1:4510/restapis/abc123def4/v1/_user_request_"],
])("the id of an API is in its URL on %s", (_where, url) => {
  expect(restApiId(url)).toBe("abc123def4");
});
