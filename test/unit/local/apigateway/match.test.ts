import { describe, expect, it } from "vitest";
import { matchRoute } from "../../../../src/local/apigateway/match.ts";

const routes = [
  { method: "ANY", path: "/{proxy+}" },
  { method: "GET", path: "/items/{id}" },
  { method: "GET", path: "/items/latest" },
  { method: "ANY", path: "/items/{id}" },
  { method: "POST", path: "/items" },
  { method: "GET", path: "/" },
];
const match = (method: string, path: string) => {
  const found = matchRoute(routes, method, path);
  return found && [`${found.route.method} ${found.route.path}`, found.pathParameters];
};

describe("the method of a resource for a path", () => {
  it.each([
    ["GET", "/items/latest", ["GET /items/latest", null]],
    ["GET", "/items/7", ["GET /items/{id}", { id: "7" }]],
    ["DELETE", "/items/7", ["ANY /items/{id}", { id: "7" }]],
    ["GET", "/items/a%20b%2Fc", ["GET /items/{id}", { id: "a b/c" }]],
    ["POST", "/items/", ["POST /items", null]],
    ["GET", "/items", ["ANY /{proxy+}", { proxy: "items" }]],
    ["PUT", "/items/7/parts/2", ["ANY /{proxy+}", { proxy: "items/7/parts/2" }]],
    ["GET", "/", ["GET /", null]],
    ["POST", "/", undefined],
  ])("%s %s", (method, path, expected) => expect(match(method, path)).toEqual(expected));

  it("is none for a path that is no percent-encoding", () => {
    expect(() => match("GET", "/items/%E0%A4%A")).toThrow(URIError);
  });
});
