import { setTimeout as wait } from "node:timers/promises";
import type { STSClientConfig } from "@aws-sdk/client-sts";
import type { Context } from "../context.ts";

/** Milliseconds until a connection counts as failed. */
const CONNECTION_TIMEOUT_MS = 5_000;

/** What STS said to GetCallerIdentity in one region. */
export type Identity =
  | { kind: "known"; accountId: string; arn: string }
  /** AWS answered and refused; `code` is its error code. */
  | { kind: "refused"; code: string }
  /** The SDK found no credentials, or could not make any; AWS was not asked. */
  | { kind: "none"; message: string }
  /** No answer from the endpoint; `code` is the system's, e.g. ENOTFOUND. */
  | { kind: "unreachable"; code: string };

export interface Identities {
  /** Asks once per region, however many checks want to know. */
  in(region: string): Promise<Identity>;
}

/** Makes the identities of a context. With an emulator on this machine, no credentials are needed. */
export function createIdentities(context: Context, hasCredentials: boolean): Identities {
  const asked = new Map<string, Promise<Identity>>();
  return {
    in: (region) => {
      const known = asked.get(region) ?? ask(clientConfig(context, hasCredentials, region), context.signal);
      asked.set(region, known);
      return known;
    },
  };
}

function clientConfig(context: Context, hasCredentials: boolean, region: string): STSClientConfig {
  const { endpointUrl, profile } = context;
  const emulator = endpointUrl !== undefined && isLoopback(endpointUrl);
  return {
    region,
    maxAttempts: 1,
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
    ...(profile === undefined ? {} : { profile }),
    ...(emulator && !hasCredentials ? { credentials: { accessKeyId: "test", secretAccessKey: "test" } } : {}),
  };
}

async function ask(config: STSClientConfig, signal: AbortSignal): Promise<Identity> {
  const [{ STSClient, GetCallerIdentityCommand }, { NodeHttpHandler }] = await Promise.all([
    import("@aws-sdk/client-sts"),
    import("@smithy/node-http-handler"),
  ]);
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: CONNECTION_TIMEOUT_MS,
  });
  const client = new STSClient({ ...config, requestHandler });
  try {
    const answer = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
    return { kind: "known", accountId: answer.Account ?? "", arn: answer.Arn ?? "" };
  } catch (error) {
    return classify(error as Error);
  } finally {
    // Sockets are closed a turn later, when the SDK has let go of them.
    void wait(0).then(() => client.destroy());
  }
}

/** Sorts an error of the SDK. Messages of credential processes may hold secrets, so they are not passed on. */
export function classify(error: Error): Identity {
  const { $metadata, code } = error as Error & { $metadata?: { httpStatusCode?: number }; code?: string };
  if (/^(CredentialsProvider|TokenProvider)Error$/.test(error.name)) {
    const [firstLine = ""] = error.message.split("\n");
    return {
      kind: "none",
      message: firstLine.startsWith("Command failed") ? "credential_process failed" : firstLine,
    };
  }
  if ($metadata?.httpStatusCode !== undefined) return { kind: "refused", code: error.name };
  return { kind: "unreachable", code: code ?? error.name };
}

export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
