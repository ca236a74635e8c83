import { stat } from "node:fs/promises";
import path from "node:path";
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ManualClock } from "../../src/local/clock.ts";
import { createSecretsManager, type SecretsManagerService } from "../../src/local/secretsmanager/service.ts";
import { engineParts, serve, temporaryDirectory } from "../support/services.ts";

const SecretId = "edp-local-warehouse-analytics";
const clock = new ManualClock();
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let service: SecretsManagerService;
let server: Awaited<ReturnType<typeof serve>>;
let client: SecretsManagerClient;

async function open() {
  service = await createSecretsManager(engineParts({ clock, dataDirectory: directory.path }));
  server = await serve({ secretsmanager: service });
  client = new SecretsManagerClient(server.settings);
}

async function close() {
  client.destroy();
  await server.close();
  await service.close();
}

beforeEach(async () => {
  directory = await temporaryDirectory();
  await open();
});
afterEach(async () => {
  await close();
  await directory.remove();
});

const read = async (more: object = {}) =>
  (await client.send(new GetSecretValueCommand({ SecretId, ...more }))).SecretString;

it("A secret is read by name and ARN after a restart, from a file that only its owner may read", async () => {
  const { ARN } = await client.send(
    new CreateSecretCommand({ Name: SecretId, SecretString: '{"username":"edp"}', Description: "d" }),
  );
  expect(ARN).toBe(`arn:aws:secretsmanager:us-east-1:000000000000:secret:${SecretId}`);
  await close();
  await open();
  expect([await read(), await read({ SecretId: ARN })]).toEqual(['{"username":"edp"}', '{"username":"edp"}']);
  const { mode } = await stat(path.join(directory.path, "secretsmanager", "secrets.log"));
  expect(mode & 0o777).toBe(0o600);
});

it("A new value is current and the one before it previous; a repeated token writes nothing more", async () => {
  await client.send(new CreateSecretCommand({ Name: SecretId, SecretString: "one" }));
  const ClientRequestToken = "0b1e7d5c-4f59-4c26-8a3e-1d2c3b4a5f60";
  const put = (SecretString: string) =>
    client.send(new PutSecretValueCommand({ SecretId, SecretString, ClientRequestToken }));
  await put("two");
  await put("two");
  await expect(put("three")).rejects.toMatchObject({ name: "ResourceExistsException" });
  expect([await read(), await read({ VersionStage: "AWSPREVIOUS" })]).toEqual(["two", "one"]);
  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId }));
  expect(VersionIdsToStages?.[ClientRequestToken]).toEqual(["AWSCURRENT"]);
});

it("A deleted secret can't be read, and its name is free after the recovery window", async () => {
  const create = () => client.send(new CreateSecretCommand({ Name: SecretId, SecretString: "one" }));
  await create();
  await expect(create()).rejects.toMatchObject({ name: "ResourceExistsException" });
  await client.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }));
  await expect(read()).rejects.toMatchObject({ name: "InvalidRequestException" });
  await clock.advance(7 * 24 * 3600 * 1000);
  await expect(read()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await create();
  await client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
  expect((await client.send(new ListSecretsCommand({}))).SecretList).toEqual([]);
});

it("The engine's own parts put a secret as often as they like, and remove it", async () => {
  await service.putSecret(SecretId, "one");
  await service.putSecret(SecretId, "one");
  const { SecretList } = await client.send(new ListSecretsCommand({}));
  expect(SecretList?.map(({ Name }) => Name)).toEqual([SecretId]);
  expect(Object.keys(SecretList?.[0]?.SecretVersionsToStages ?? {})).toHaveLength(1);
  await service.removeSecret(SecretId);
  await expect(read()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});
