import type { Readable } from "node:stream";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Clients } from "./clients.ts";
import { partitionOf } from "./regions.ts";

/** What a service answered, as the SDK's errors say it. */
export class ServiceCallError extends Error {
  readonly $metadata: { httpStatusCode: number };

  constructor(name: string, message: string, status: number) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
  }
}

export interface SignedCall {
  /** Name that requests are signed for. */
  service: string;
  /** First part of the service's host, where that is another: `<host>.<region>.amazonaws.com`. */
  host?: string;
  headers: Record<string, string>;
  body: string;
}

/**
 * One POST to a service that edp asks so little that it needs no SDK client: with the credentials, connections and
 * endpoint of the STS client.
 * @returns status and text of the answer, whatever it says
 */
export async function signedCall(
  clients: Clients,
  { service, host = service, headers, body }: SignedCall,
): Promise<{ status: number; text: string }> {
  const { config } = await clients.sts();
  const region = await config.region();
  const endpoint = config.isCustomEndpoint ? await config.endpoint?.() : undefined;
  const protocol = endpoint?.protocol ?? "https:";
  const hostname = endpoint?.hostname ?? `${host}.${region}.${partitionOf(region).dnsSuffix}`;
  const port = endpoint?.port;
  const signer = new SignatureV4({ service, region, credentials: config.credentials, sha256: config.sha256 });
  const signed = await signer.sign({
    protocol,
    hostname,
    ...(port === undefined ? {} : { port }),
    method: "POST",
    path: "/",
    query: {},
    headers: { ...headers, host: port === undefined ? hostname : `${hostname}:${port}` },
    body,
  });
  const { response } = await config.requestHandler.handle(
    signed as Parameters<typeof config.requestHandler.handle>[0],
  );
  return { status: response.statusCode, text: await readText(response.body as Readable) };
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
