import path from "node:path";
import { type EngineParts, LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";
import { DurableMap } from "../storage/durable-map.ts";
import { alreadyExists, invalidRequest, notFound } from "./errors.ts";

/** One value of a secret. */
export interface SecretVersion {
  id: string;
  /** Staging labels, `AWSCURRENT` on one version at most. */
  stages: string[];
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** One of the two; binary is base64. */
  text?: string;
  binary?: string;
}

export interface Secret {
  name: string;
  description?: string;
  kmsKeyId?: string;
  tags: { Key: string; Value: string }[];
  createdAt: number;
  changedAt: number;
  /** When it is gone for good; until then it can be seen, not read. */
  deletedAt?: number;
  versions: SecretVersion[];
}

const CURRENT = "AWSCURRENT";
const PREVIOUS = "AWSPREVIOUS";
const ARN = /^arn:aws[a-z-]*:secretsmanager:[^:]*:[^:]*:secret:(.+)$/;

/** All secrets, in a file that only its owner may read. Like every file of the engine it is not encrypted. */
export class Secrets {
  private constructor(
    private readonly parts: EngineParts,
    private readonly map: DurableMap<Secret>,
  ) {}

  /** Opens what an earlier engine left in `<dataDirectory>/secretsmanager`. */
  static async open(parts: EngineParts): Promise<Secrets> {
    const file = path.join(parts.dataDirectory, "secretsmanager", "secrets.log");
    return new Secrets(parts, await DurableMap.open<Secret>(file));
  }

  now(): number {
    return this.parts.clock.now();
  }

  all(): Secret[] {
    return this.map.values().filter((secret) => !this.#isGone(secret));
  }

  /** The secret of this name or ARN, if there is one; its ARN on the engine has no random end. */
  find(id: string): Secret | undefined {
    const secret = this.map.get(ARN.exec(id)?.[1] ?? id);
    return secret && !this.#isGone(secret) ? secret : undefined;
  }

  /** @throws AwsError ResourceNotFoundException */
  named(id: string): Secret {
    const secret = this.find(id);
    if (!secret) throw notFound();
    return secret;
  }

  /** A secret that can be read and written. @throws AwsError ResourceNotFoundException, InvalidRequestException */
  usable(id: string): Secret {
    const secret = this.named(id);
    if (secret.deletedAt === undefined) return secret;
    throw invalidRequest(
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }

  save(secret: Secret): Promise<void> {
    return this.map.set(secret.name, secret);
  }

  remove({ name }: Secret): Promise<void> {
    return this.map.delete(name);
  }

  close(): Promise<void> {
    return this.map.close();
  }

  #isGone({ deletedAt }: Secret): boolean {
    return deletedAt !== undefined && deletedAt <= this.now();
  }
}

export function secretArn(name: string): string {
  return `arn:aws:secretsmanager:${LOCAL_REGION}:${LOCAL_ACCOUNT}:secret:${name}`;
}

/**
 * A secret with one more value under these labels, which the versions that had them lose. What was current becomes
 * the previous one. The same value under the same id changes nothing.
 * @throws AwsError ResourceExistsException for another value under an id that is taken
 */
export function withVersion(secret: Secret, added: SecretVersion): Secret {
  const taken = secret.versions.find(({ id }) => id === added.id);
  if (taken) {
    if (taken.text === added.text && taken.binary === added.binary) return secret;
    throw alreadyExists(
      `You can't use ClientRequestToken ${added.id} because that value is already in use for a version of secret ${secretArn(secret.name)}.`,
    );
  }
  const becomesCurrent = added.stages.includes(CURRENT);
  const versions = secret.versions.map((version) => {
    const wasCurrent = version.stages.includes(CURRENT);
    const left = version.stages.filter(
      (stage) => !added.stages.includes(stage) && !(becomesCurrent && stage === PREVIOUS),
    );
    return { ...version, stages: becomesCurrent && wasCurrent ? [...left, PREVIOUS] : left };
  });
  // Versions without a label are deprecated, and Secrets Manager deletes them.
  const labelled = versions.filter(({ stages }) => stages.length > 0);
  return { ...secret, changedAt: added.createdAt, versions: [...labelled, added] };
}

/** The current value's version. */
export function currentVersion({ versions }: Secret): SecretVersion | undefined {
  return versions.find(({ stages }) => stages.includes(CURRENT));
}
