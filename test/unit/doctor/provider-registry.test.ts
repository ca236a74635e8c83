import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { probeRegistry } from "../../../src/doctor/provider-registry.ts";

let server: Server;
let url: string;
let downloadStatus: number;
beforeEach(async () => {
  downloadStatus = 200;
  server = createServer((request, response) => {
    if (request.url?.startsWith("/v1/providers/hashicorp/aws/")) {
      response.end(JSON.stringify({ download_url: `${url}/provider.zip` }));
    } else {
      response.writeHead(request.method === "HEAD" ? downloadStatus : 405).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(
  () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
);
const signal = new AbortController().signal;

describe("the provider's registry", () => {
  it("is asked for the download's address, and that host for its head", async () => {
    expect(await probeRegistry("terraform", signal, url)).toMatchObject({ status: "ok" });
  });

  it("is not enough where the download host refuses", async () => {
    downloadStatus = 403;
    expect(await probeRegistry("terraform", signal, url)).toMatchObject({
      status: "fail",
      message: expect.stringContaining("status 403"),
    });
  });

  it("fails with the reason where nobody answers", async () => {
    expect(await probeRegistry("tofu", signal, "http://127.0.0.1:9")).toMatchObject({
      status: "fail",
      message: expect.stringContaining("ECONNREFUSED"),
      fix: expect.stringContaining("HTTPS_PROXY"),
    });
  });
});
