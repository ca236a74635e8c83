import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findEngine } from "../../../src/local/control.ts";
import { writeState } from "../../../src/local/state.ts";
import { temporaryDirectory } from "../../support/services.ts";

/** No process has this id: Linux and macOS end far below it. */
const DEAD_PID = 2 ** 30;

describe("finding the engine of a directory", () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let answer: string | null;
  const server = createServer((_request, response) => {
    if (answer !== null) response.end(answer);
  });
  beforeEach(async () => {
    directory = await temporaryDirectory();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await directory.remove();
  });
  const record = (pid: number) =>
    writeState(directory.path, {
      pid,
      port: (server.address() as AddressInfo).port,
      version: "0.0.0",
      startedAt: "2026-01-01T00:00:00.000Z",
      token: "token",
    });

  it("takes a process that answers with the recorded pid", async () => {
    await record(process.pid);
    answer = JSON.stringify({ pid: process.pid });
    expect(await findEngine(directory.path)).toMatchObject({ pid: process.pid });
  });

  it("does not take another program on its port for the engine", async () => {
    await record(process.pid);
    answer = "hello";
    expect(await findEngine(directory.path)).toBeUndefined();
  });

  it("never takes a living process that is silent for gone, or its data would be deleted under it", async () => {
    await record(process.pid);
    answer = null;
    await expect(findEngine(directory.path, 50)).rejects.toMatchObject({ code: "ENGINE_BUSY", exitCode: 7 });
  });

  it("takes a silent port with a dead process for a stale record", async () => {
    await record(DEAD_PID);
    answer = null;
    expect(await findEngine(directory.path, 50)).toBeUndefined();
  });
});
