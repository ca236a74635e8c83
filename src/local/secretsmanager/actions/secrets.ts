import type { Operations } from "../../http/json-protocol.ts";
import { flag, integer, text } from "../../http/members.ts";
import { invalidParameter } from "../errors.ts";
import { type Secret, type Secrets, secretArn } from "../secrets.ts";
import { requiredText } from "./required.ts";

const DAY_MS = 24 * 3600 * 1000;
/** Days until a deleted secret is gone. */
const RECOVERY_DAYS = { least: 7, most: 30, usual: 30 };
const PAGE = 100;

/** DescribeSecret, ListSecrets, DeleteSecret. None shows a value. */
export function secretActions(secrets: Secrets): Operations {
  return {
    DescribeSecret: (input) => {
      const secret = secrets.named(requiredText(input, "SecretId"));
      return { ...described(secret), VersionIdsToStages: stagesById(secret) };
    },

    ListSecrets: (input) => {
      const deletedToo = flag(input, "IncludePlannedDeletion") ?? false;
      const start = text(input, "NextToken");
      const limit = Math.min(PAGE, integer(input, "MaxResults") ?? PAGE);
      const found = secrets
        .all()
        .filter(({ deletedAt }) => deletedToo || deletedAt === undefined)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .filter(({ name }) => start === undefined || name > start);
      const page = found.slice(0, limit);
      return {
        SecretList: page.map((secret) => ({
          ...described(secret),
          SecretVersionsToStages: stagesById(secret),
        })),
        ...(found.length > limit ? { NextToken: page.at(-1)?.name } : {}),
      };
    },

    DeleteSecret: async (input) => {
      const force = flag(input, "ForceDeleteWithoutRecovery") ?? false;
      const days = integer(input, "RecoveryWindowInDays");
      const id = requiredText(input, "SecretId");
      const { least, most, usual } = RECOVERY_DAYS;
      if (days !== undefined && (force || days < least || days > most)) {
        throw invalidParameter(
          force
            ? "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
            : `RecoveryWindowInDays value must be between ${least} and ${most} days (inclusive).`,
        );
      }
      const secret = force ? secrets.named(id) : secrets.usable(id);
      const deletedAt = secrets.now() + (force ? 0 : (days ?? usual) * DAY_MS);
      if (force) await secrets.remove(secret);
      else await secrets.save({ ...secret, deletedAt });
      return { ARN: secretArn(secret.name), Name: secret.name, DeletionDate: deletedAt / 1000 };
    },
  };
}

function described(secret: Secret): object {
  const { name, description, kmsKeyId, tags, createdAt, changedAt, deletedAt } = secret;
  return {
    ARN: secretArn(name),
    Name: name,
    ...(description === undefined ? {} : { Description: description }),
    ...(kmsKeyId === undefined ? {} : { KmsKeyId: kmsKeyId }),
    CreatedDate: createdAt / 1000,
    LastChangedDate: changedAt / 1000,
    ...(deletedAt === undefined ? {} : { DeletedDate: deletedAt / 1000 }),
    Tags: tags,
  };
}

function stagesById({ versions }: Secret): Record<string, string[]> {
  return Object.fromEntries(versions.map(({ id, stages }) => [id, stages]));
}
