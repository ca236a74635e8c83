import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ServiceName } from "../../src/local/http/route.ts";
import { openServer } from "../../src/local/http/server.ts";
import type { EngineParts, Service } from "../../src/local/service.ts";

/** Client settings that reach a server of {@link serve}. */
export function clientSettings(endpoint: string) {
  return {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    forcePathStyle: true,
    maxAttempts: 1,
  };
}

/** A temporary directory, removed by the returned function. */
export async function temporaryDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), "edp-test-"));
  return { path: directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** Serves some of the engine's services on a free port. */
export async function serve(services: Partial<Record<ServiceName, Service>>, port = 0) {
  const server = await openServer({ port, services, log: () => {} });
  const endpoint = `http://127.0.0.1:${server.port}`;
  return { endpoint, settings: clientSettings(endpoint), close: server.close };
}

/** Engine parts for one service under test; what is not given fails when used. */
export function engineParts(
  given: Partial<EngineParts> & Pick<EngineParts, "clock" | "dataDirectory">,
): EngineParts {
  return {
    endpoint: () => "http://127.0.0.1:4566",
    wiring: {
      putEvent: async () => {},
      deliver: async (arn) => Promise.reject(new Error(`nothing is wired to ${arn}`)),
    },
    log: () => {},
    ...given,
  };
}
