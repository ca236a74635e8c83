import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text as readText } from "node:stream/consumers";
import { EdpError, EXIT, NotDeployedError } from "../errors.ts";
import type { Deployment } from "../topology/deployment.ts";
import type { Deployed, DeployRequest } from "./engine.ts";
import { CONTROL_PREFIX, type ControlFailure } from "./http/server.ts";
import { isAlive } from "./process-alive.ts";
import { type EngineState, readState } from "./state.ts";

/** Milliseconds within which a healthy engine answers, also under load. */
const HEALTH_TIMEOUT_MS = 10_000;

/** Header that carries the engine's token. */
export const TOKEN_HEADER = "x-edp-token";

export interface Health {
  status: "ok";
  pid: number;
  version: string;
  directory: string;
}

/**
 * The engine of this project directory, if it is running and answers as the one that was recorded: a stale
 * pid, or another program on its port, counts as not running.
 * @throws EdpError ENGINE_BUSY when its process lives but does not answer: nobody may take it for gone
 */
export async function findEngine(
  directory: string,
  timeoutMs = HEALTH_TIMEOUT_MS,
): Promise<EngineState | undefined> {
  const state = await readState(directory);
  if (!state) return undefined;
  try {
    const health = await call<Health>(state, "GET", "health", undefined, timeoutMs);
    return health.pid === state.pid ? state : undefined;
  } catch (error) {
    // Refused, or answered by a stranger: our engine is not there. Only silence says nothing.
    if ((error as Error).name !== "TimeoutError" || !isAlive(state.pid)) return undefined;
    throw new EdpError(
      "ENGINE_BUSY",
      EXIT.notDeployed,
      `The local engine (process ${state.pid}) did not answer within ${timeoutMs / 1000} s.`,
      {
        hint: `Try again; if it hangs, end it (kill -9 ${state.pid}) and deploy again: nothing stored is lost.`,
      },
    );
  }
}

/** The local environment as the running engine describes it. @throws NotDeployedError when there is none. */
export async function localDeployment(directory: string): Promise<Deployment> {
  const state = await findEngine(directory);
  if (!state) {
    throw new NotDeployedError("The local engine is not running.", {
      hint: "Start it first: npx edp deploy",
    });
  }
  return call<Deployment>(state, "GET", "deployment");
}

/** Adds or updates pipelines in the running engine; others stay as they are. */
export function deployPipelines(state: EngineState, request: DeployRequest): Promise<Deployed> {
  return call<Deployed>(state, "POST", "deploy", request);
}

/** Removes pipelines and their data from the running engine. */
export function removePipelines(state: EngineState, names: string[]): Promise<Deployment> {
  return call<Deployment>(state, "POST", "remove", { names });
}

/** Asks the engine to stop; it answers before it goes. */
export async function stopEngine(state: EngineState): Promise<void> {
  await call(state, "POST", "stop", {});
}

async function call<T>(
  state: EngineState,
  method: string,
  action: string,
  body?: unknown,
  timeoutMs = 60_000,
): Promise<T> {
  const { status, text } = await send(state, method, action, body, AbortSignal.timeout(timeoutMs));
  if (status !== 200) throw refusal(action, status, text);
  return JSON.parse(text) as T;
}

/** One request by node:http. fetch would connect again and again to a stranger that closes connections. */
async function send(
  state: EngineState,
  method: string,
  action: string,
  body: unknown,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const outgoing = request({
    host: "127.0.0.1",
    port: state.port,
    path: `${CONTROL_PREFIX}${action}`,
    method,
    agent: false,
    headers: { [TOKEN_HEADER]: state.token, "content-type": "application/json" },
    signal,
  });
  try {
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: incoming.statusCode ?? 0, text: await readText(incoming) };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** What the engine refused, or its own fault, as the user is to see it. */
function refusal(action: string, status: number, text: string): Error {
  const { error } = answered(text);
  if (status === 409 && error) {
    return new EdpError("DATA_WOULD_BE_LOST", EXIT.usage, error.message, {
      hint: "Let the queues run empty, or give the data up: npx edp destroy, then deploy again.",
    });
  }
  if (error && (status < 500 || status === 507)) {
    return new EdpError(
      "ENGINE_REFUSED",
      EXIT.notDeployed,
      `The local engine refused to ${action}: ${error.message}`,
      {
        hint: "The engine's log says more: .edp/local/engine.log",
      },
    );
  }
  return new Error(`the local engine answered ${status} to ${action}: ${error?.message ?? text}`);
}

function answered(text: string): Partial<ControlFailure> {
  try {
    return JSON.parse(text) as Partial<ControlFailure>;
  } catch {
    // A stranger on the port, whose words are shown as they are.
    return {};
  }
}
