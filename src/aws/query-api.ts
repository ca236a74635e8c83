import type { Clients } from "./clients.ts";
import { ServiceCallError, signedCall } from "./signed-call.ts";

const VERSIONS = { rds: "2014-10-31", ec2: "2016-11-15" } as const;

/**
 * One read call to a service with AWS's Query protocol.
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonParameters.html
 * @returns the XML of the answer
 * @throws ServiceCallError, called like the service's error code
 */
export async function callQueryApi(
  clients: Clients,
  service: keyof typeof VERSIONS,
  parameters: Record<string, string>,
): Promise<string> {
  const { status, text } = await signedCall(clients, {
    service,
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: new URLSearchParams({ ...parameters, Version: VERSIONS[service] }).toString(),
  });
  if (status === 200) return text;
  throw new ServiceCallError(tag(text, "Code") ?? "UnknownError", tag(text, "Message") ?? text, status);
}

function tag(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
