import type { Readable } from "node:stream";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Clients } from "./clients.ts";
import { partitionOf } from "./regions.ts";

/** What answered, as the SDK's errors say it. */
export class QueryApiError extends Error {
  readonly $metadata: { httpStatusCode: number };

  constructor(name: string, message: string, status: number) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
  }
}

const VERSIONS = { rds: "2014-10-31", ec2: "2016-11-15" } as const;

/**
 * One read call to a service with AWS's Query protocol that edp asks nothing else, so that it needs no SDK client:
 * with the credentials, connections and endpoint of the STS client, which speaks the same.
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonParameters.html
 * @returns the XML of the answer
 * @throws QueryApiError, called like the service's error code
 */
export async function callQueryApi(
  clients: Clients,
  service: keyof typeof VERSIONS,
  parameters: Record<string, string>,
): Promise<string> {
  const { config } = await clients.sts();
  const region = await config.region();
  const endpoint = config.isCustomEndpoint ? await config.endpoint?.() : undefined;
  const protocol = endpoint?.protocol ?? "https:";
  const hostname = endpoint?.hostname ?? `${service}.${region}.${partitionOf(region).dnsSuffix}`;
  const port = endpoint?.port;
  const signer = new SignatureV4({ service, region, credentials: config.credentials, sha256: config.sha256 });
  const signed = await signer.sign({
    protocol,
    hostname,
    ...(port === undefined ? {} : { port }),
    method: "POST",
    path: "/",
    query: {},
    headers: {
      host: port === undefined ? hostname : `${hostname}:${port}`,
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    },
    body: new URLSearchParams({ ...parameters, Version: VERSIONS[service] }).toString(),
  });
  const { response } = await config.requestHandler.handle(
    signed as Parameters<typeof config.requestHandler.handle>[0],
  );
  const text = await readText(response.body as Readable);
  if (response.statusCode === 200) return text;
  throw new QueryApiError(
    tag(text, "Code") ?? "UnknownError",
    tag(text, "Message") ?? text,
    response.statusCode,
  );
}

function tag(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
