import { randomUUID } from "node:crypto";
import { failJson, handleJson, type JsonProtocol, type Operations } from "../http/json-protocol.ts";
import type { EngineParts, Service } from "../service.ts";
import { secretActions } from "./actions/secrets.ts";
import { valueActions } from "./actions/values.ts";
import { currentVersion, Secrets, secretArn, withVersion } from "./secrets.ts";

/** Secrets Manager of the local engine: the API, and what the engine's other parts use in process. */
export interface SecretsManagerService extends Service {
  /** Makes the secret, or gives it this value where it has another. Returns its ARN. */
  putSecret(name: string, value: string): Promise<string>;
  /** Removes a secret at once; none of this name is no fault. */
  removeSecret(name: string): Promise<void>;
}

const PROTOCOL: JsonProtocol = { version: "1.1", target: "secretsmanager" };

export interface SecretsManagerOptions {
  /** Awaited before the value of the secret of this name is given away. @throws AwsError, which is the answer then */
  beforeRead?(name: string): Promise<void>;
}

/** Opens the secrets of the data directory and serves them by AWS JSON 1.1. */
export async function createSecretsManager(
  parts: EngineParts,
  { beforeRead = async () => {} }: SecretsManagerOptions = {},
): Promise<SecretsManagerService> {
  const secrets = await Secrets.open(parts);
  const operations: Operations = { ...valueActions(secrets, beforeRead), ...secretActions(secrets) };
  return {
    handle: (request) => handleJson(PROTOCOL, operations, request),
    fail: (error) => failJson(PROTOCOL, error),
    putSecret: async (name, value) => {
      const createdAt = secrets.now();
      const { deletedAt: _, ...secret } = secrets.find(name) ?? {
        name,
        tags: [],
        createdAt,
        changedAt: createdAt,
        versions: [],
      };
      if (currentVersion(secret)?.text !== value) {
        const version = { id: randomUUID(), stages: ["AWSCURRENT"], createdAt, text: value };
        await secrets.save(withVersion(secret, version));
      }
      return secretArn(name);
    },
    removeSecret: async (name) => {
      const secret = secrets.find(name);
      if (secret) await secrets.remove(secret);
    },
    close: () => secrets.close(),
  };
}
