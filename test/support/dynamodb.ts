import { cp, rename } from "node:fs/promises";
import path from "node:path";
import {
  type AttributeDefinition,
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  type KeySchemaElement,
} from "@aws-sdk/client-dynamodb";
import { type Clock, systemClock } from "../../src/local/clock.ts";
import { createDynamoDb, type DynamoDbService } from "../../src/local/dynamodb/service.ts";
import { engineParts, serve, temporaryDirectory } from "./services.ts";

/** DynamoDB on a free port, with a client. */
export interface DynamoDbFixture {
  service: DynamoDbService;
  client: DynamoDBClient;
  endpoint: string;
  /** The engine's data directory. */
  directory: string;
  /** Stops it and opens it anew on the same data, as after a crash when `killed` is set. */
  restart(options?: { killed: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export async function startDynamoDb(clock: Clock = systemClock): Promise<DynamoDbFixture> {
  const root = await temporaryDirectory();
  let life = 0;
  const open = async () => {
    const own = ++life;
    const directory = path.join(root.path, String(own));
    const service = await createDynamoDb(
      engineParts({
        // What an ended life still had planned never happens.
        clock: {
          now: clock.now.bind(clock),
          after: (ms, run) => clock.after(ms, () => own === life && run()),
        },
        dataDirectory: directory,
      }),
    );
    const server = await serve({ dynamodb: service });
    return { service, server, directory, client: new DynamoDBClient(server.settings) };
  };
  let current = await open();
  const end = async () => {
    current.client.destroy();
    await current.server.close();
    await current.service.close();
  };
  return {
    get service() {
      return current.service;
    },
    get client() {
      return current.client;
    },
    get endpoint() {
      return current.server.endpoint;
    },
    get directory() {
      return current.directory;
    },
    restart: async ({ killed } = { killed: false }) => {
      const next = path.join(root.path, String(life + 1));
      // A killed engine leaves what is on the disk at that moment, and nothing that closing would still write.
      if (killed) await cp(current.directory, next, { recursive: true });
      await end();
      if (!killed) await rename(current.directory, next);
      current = await open();
    },
    stop: async () => {
      await end();
      await root.remove();
    },
  };
}

/** A key in short: `id:S` or `id:S date:N`. */
export type ShortKey = string;

/** Creates an on-demand table; an index holds whole items unless `more` says otherwise. */
export async function createTable(
  client: DynamoDBClient,
  TableName: string,
  key: ShortKey,
  indexes: Record<string, ShortKey> = {},
  more: Partial<CreateTableCommandInput> = {},
): Promise<void> {
  const definitions = new Map<string, AttributeDefinition>();
  const schema = (short: ShortKey): KeySchemaElement[] =>
    short.split(" ").map((one, index) => {
      const [AttributeName = "", type = "S"] = one.split(":");
      definitions.set(AttributeName, { AttributeName, AttributeType: type as "S" | "N" | "B" });
      return { AttributeName, KeyType: index === 0 ? "HASH" : "RANGE" };
    });
  const KeySchema = schema(key);
  const GlobalSecondaryIndexes = Object.entries(indexes).map(([IndexName, short]) => ({
    IndexName,
    KeySchema: schema(short),
    Projection: { ProjectionType: "ALL" as const },
  }));
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema,
      AttributeDefinitions: [...definitions.values()],
      BillingMode: "PAY_PER_REQUEST",
      ...(GlobalSecondaryIndexes.length > 0 ? { GlobalSecondaryIndexes } : {}),
      ...more,
    }),
  );
}
