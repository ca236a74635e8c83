import { expect, it } from "vitest";
import { parseServerUrl } from "../../../../src/local/postgres/given-server.ts";

it("reads the URL of a server", () => {
  expect(parseServerUrl("postgresql://me:p%40ss@[::1]/db?sslmode=disable")).toEqual({
    host: "::1",
    port: 5432,
    name: "db",
    username: "me",
    password: "p@ss",
    sslmode: "disable",
  });
});

it.each(["mysql://me:secret@host/db", "postgres://host/db", "postgres://me:secret@host", "secret"])(
  "refuses %s without its password",
  (url) => {
    const message = (() => {
      try {
        parseServerUrl(url);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(message).toContain("EDP_WAREHOUSE_URL");
    expect(message).not.toContain("secret");
  },
);
