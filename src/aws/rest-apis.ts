import type { Context } from "../context.ts";
import type { AddressBook, Deployment } from "../topology/deployment.ts";
import { answered } from "./answered.ts";
import { type Clients, createClients } from "./clients.ts";
import { userError } from "./errors.ts";
import { mapValues } from "./map-values.ts";

/**
 * The id of a REST API from the URL of its stage: the first part of the host on AWS, a part of the path on the local
 * engine and on emulators.
 */
export function restApiId(url: string): string {
  const { hostname, pathname } = new URL(url);
  return /^\/restapis\/([^/]+)\//.exec(pathname)?.[1] ?? hostname.split(".", 1)[0] ?? "";
}

/** The name that metrics know a REST API by (GetRestApi); null where that is refused or the API is gone. */
export async function restApiName(clients: Clients, url: string): Promise<string | null> {
  const { GetRestApiCommand } = await import("@aws-sdk/client-api-gateway");
  const client = await clients.apiGateway();
  const api = await answered(client.send(new GetRestApiCommand({ restApiId: restApiId(url) })));
  return api?.name ?? null;
}

/**
 * Whether the account has the role by which API Gateway writes the access logs of every API in a region (GetAccount,
 * cloudwatchRoleArn): without it a stage with access logs is refused. False where that can't be told.
 */
export async function mayLogRequests(clients: Clients): Promise<boolean> {
  const { GetAccountCommand } = await import("@aws-sdk/client-api-gateway");
  const client = await clients.apiGateway();
  const account = await answered(client.send(new GetAccountCommand({})));
  return Boolean(account?.cloudwatchRoleArn);
}

/** The value of an API key (GetApiKey): a secret, never to be logged. @throws what the SDK throws */
export async function apiKeyValue(clients: Clients, apiKey: string): Promise<string | undefined> {
  const { GetApiKeyCommand } = await import("@aws-sdk/client-api-gateway");
  const client = await clients.apiGateway();
  return (await client.send(new GetApiKeyCommand({ apiKey, includeValue: true }))).value;
}

/**
 * Address books with the value of each API key, for who asked for it only.
 * @throws what `userError` makes of a refusal
 */
export async function withApiKeys<T extends AddressBook>(
  place: Pick<Deployment, "env" | "endpoint" | "region">,
  books: Record<string, T>,
  context: Context,
): Promise<Record<string, T>> {
  const clients = createClients(place, context);
  try {
    return await mapValues(books, async (book) => ({
      ...book,
      apis: await mapValues(book.apis, async (api) => ({
        ...api,
        apiKey: await apiKeyValue(clients, api.apiKeyId),
      })),
    }));
  } catch (error) {
    throw userError(error, place.env) ?? error;
  } finally {
    clients.close();
  }
}
