import { createServer } from "node:net";
import { DEFAULT_PORT } from "../local/background.ts";
import { findEngine } from "../local/control.ts";
import { readState } from "../local/state.ts";
import { VERSION } from "../version.ts";
import type { Check } from "./check.ts";

export const localEngine: Check = {
  name: "local-engine",
  aws: false,
  async run({ context: { directory } }) {
    const running = await findEngine(directory);
    if (running) {
      const message = `runs on 127.0.0.1:${running.port} (process ${running.pid}, edp ${running.version})`;
      if (running.version === VERSION) return { status: "ok", message };
      return {
        status: "warn",
        message: `${message}, but this is edp ${VERSION}`,
        fix: "Start it anew: npx edp destroy, then npx edp deploy. destroy deletes its data.",
      };
    }
    const recorded = await readState(directory);
    const port = recorded?.port ?? DEFAULT_PORT;
    const taken = await listenFault(port);
    if (taken) {
      return {
        status: "warn",
        message: `not running, and port ${port} on 127.0.0.1 cannot be used (${taken})`,
        fix: "Nothing has to be done: edp deploy takes another port. --port chooses one.",
      };
    }
    const ended = recorded
      ? "was running and ended without being stopped; its data is kept. "
      : "not running; ";
    return { status: "ok", message: `${ended}port ${port} is free` };
  },
};

/** Why a port of 127.0.0.1 can't be listened on, e.g. EADDRINUSE; undefined where it can. */
export function listenFault(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
