import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { EntityKind } from "../../src/ingest/fakestore/event.ts";
import { sampleEntities } from "../../src/ingest/fakestore/sample.ts";

/** How the store fails: a status, or what it is known for. */
export type StoreFault = number | "empty" | "html" | "object" | "reset";

export interface FakeStoreServer {
  url: string;
  /** The next requests are answered with these, one each. */
  faults: StoreFault[];
  /** Requests to these paths always fail so. */
  broken: Map<string, StoreFault>;
  /** Paths of every request. */
  requests: string[];
  close(): Promise<void>;
}

/** An HTTP server that answers as fakestoreapi.com does, also on its bad days. */
export async function startFakeStore(seed = 1): Promise<FakeStoreServer> {
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    fake.requests.push(path);
    const fault = fake.broken.get(path) ?? fake.faults.shift();
    if (fault === undefined) return json(response, 200, sampleEntities(path.slice(1) as EntityKind, seed));
    if (fault === "reset") return request.socket.destroy();
    if (fault === "empty") return response.writeHead(200).end();
    if (fault === "html") return response.writeHead(200).end("<html>Just a moment...</html>");
    if (fault === "object") return json(response, 200, { message: "no list" });
    return response.writeHead(fault, fault === 429 ? { "retry-after": "7" } : {}).end("error code");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeStoreServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: [],
    broken: new Map(),
    requests: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

function json(response: ServerResponse, status: number, body: unknown): ServerResponse {
  return response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
