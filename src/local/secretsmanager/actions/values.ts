import { randomUUID } from "node:crypto";
import type { Operations } from "../../http/json-protocol.ts";
import { type Members, structures, text, texts } from "../../http/members.ts";
import { alreadyExists, invalidParameter, invalidRequest, notFound } from "../errors.ts";
import { type Secrets, type SecretVersion, secretArn, withVersion } from "../secrets.ts";
import { requiredText } from "./required.ts";

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MAX_VALUE_BYTES = 65_536;
const NAME = /^[A-Za-z0-9/_+=.@-]{1,512}$/;

/**
 * CreateSecret, PutSecretValue, GetSecretValue.
 * @param beforeRead awaited before a secret's value is given away
 */
export function valueActions(secrets: Secrets, beforeRead: (name: string) => Promise<void>): Operations {
  return {
    CreateSecret: async (input) => {
      const name = requiredText(input, "Name");
      if (!NAME.test(name)) {
        throw invalidParameter(
          "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        );
      }
      const known = secrets.find(name);
      const value = hasValue(input) ? versionOf(input, secrets.now(), ["AWSCURRENT"]) : undefined;
      if (known?.deletedAt !== undefined) {
        throw invalidRequest(
          "You can't create this secret because a secret with this name is already scheduled for deletion.",
        );
      }
      const repeated = known?.versions.some(({ id }) => id === value?.id) ?? false;
      if (known && !repeated) {
        throw alreadyExists(`The operation failed because the secret ${name} already exists.`);
      }
      const now = secrets.now();
      const empty = known ?? {
        name,
        description: text(input, "Description"),
        kmsKeyId: text(input, "KmsKeyId"),
        tags: structures(input, "Tags").map((tag) => ({
          Key: requiredText(tag, "Key"),
          Value: text(tag, "Value") ?? "",
        })),
        createdAt: now,
        changedAt: now,
        versions: [],
      };
      await secrets.save(value ? withVersion(empty, value) : empty);
      return { ARN: secretArn(name), Name: name, ...(value ? { VersionId: value.id } : {}) };
    },

    PutSecretValue: async (input) => {
      const secret = secrets.usable(requiredText(input, "SecretId"));
      const stages = texts(input, "VersionStages");
      const version = versionOf(input, secrets.now(), stages.length > 0 ? stages : ["AWSCURRENT"]);
      await secrets.save(withVersion(secret, version));
      const { name } = secret;
      return { ARN: secretArn(name), Name: name, VersionId: version.id, VersionStages: version.stages };
    },

    GetSecretValue: async (input) => {
      const { name, versions } = secrets.usable(requiredText(input, "SecretId"));
      await beforeRead(name);
      const id = text(input, "VersionId");
      const stage = text(input, "VersionStage") ?? (id === undefined ? "AWSCURRENT" : undefined);
      const version = versions.find(
        (one) => (id === undefined || one.id === id) && (stage === undefined || one.stages.includes(stage)),
      );
      if (!version) {
        throw notFound(
          id === undefined ? `secret value for staging label: ${stage}` : `secret value for VersionId: ${id}`,
        );
      }
      return {
        ARN: secretArn(name),
        Name: name,
        VersionId: version.id,
        VersionStages: version.stages,
        CreatedDate: version.createdAt / 1000,
        ...(version.text === undefined ? { SecretBinary: version.binary } : { SecretString: version.text }),
      };
    },
  };
}

function hasValue(input: Members): boolean {
  return text(input, "SecretString") !== undefined || text(input, "SecretBinary") !== undefined;
}

/** @throws AwsError InvalidParameterException for none or both kinds of value, or one that is too large */
function versionOf(input: Members, now: number, stages: string[]): SecretVersion {
  const [string, binary] = [text(input, "SecretString"), text(input, "SecretBinary")];
  if ((string === undefined) === (binary === undefined)) {
    throw invalidParameter("You must provide either SecretString or SecretBinary.");
  }
  const bytes = string === undefined ? Buffer.byteLength(binary ?? "", "base64") : Buffer.byteLength(string);
  if (bytes === 0 || bytes > MAX_VALUE_BYTES) {
    throw invalidParameter(`A secret's value must have 1 to ${MAX_VALUE_BYTES} bytes, not ${bytes}.`);
  }
  const id = text(input, "ClientRequestToken") ?? randomUUID();
  return { id, stages, createdAt: now, ...(string === undefined ? { binary } : { text: string }) };
}
