import { createHash } from "node:crypto";
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { awsError, type Fault } from "./faults.ts";
import type { ObjectVersion } from "./object-events.ts";

/** Folder of the claims in the bucket that the outputs are written to. */
export const CLAIM_PREFIX = "_claims/";

/** A writer's right to put an object version's rows into one output. */
export interface OutputClaim {
  source: ObjectVersion;
  /** Key of the output that will hold the rows, and those of no other output ever. */
  output: string;
  requestId: string;
  /** Milliseconds since the epoch; a claim whose output doesn't exist by then may be taken over. */
  expiresAt: number;
}

/** The durable reason why an object version has no rows: it is at fault, and a newer version replaced it. */
export interface RejectionClaim {
  source: ObjectVersion;
  rejected: Fault;
  supersededBy: string;
  requestId: string;
}

export type Claim = OutputClaim | RejectionClaim;

/** Key of the claim of an object version: `_claims/<sha256 of bucket, key and version>.json`. */
export function claimKey(bucket: string, key: string, version: string): string {
  const hash = createHash("sha256").update(`${bucket}\0${key}\0${version}`).digest("hex");
  return `${CLAIM_PREFIX}${hash}.json`;
}

/**
 * `won`: the rows belong to the claim's output. `done`: they lie in another output, or the version is
 * rejected. `busy`: another invocation is at it. `unknown`: S3 didn't say whether the claim is held; the
 * output it names must not be written then, because its existence would count as proof that the rows are in it.
 */
export type ClaimOutcome = "won" | "done" | "busy" | "unknown";

/**
 * Claims of object versions, so that at-least-once delivery gives each row once. An output is written only
 * by the invocation that named it, under a name never used before, and only when every claim that may name
 * it is held; so an output that exists holds the rows of all claims that name it.
 *
 * Cost: one PutObject a version, that is 5 USD for a million objects (S3 Standard, us-east-1), and one
 * GetObject and HeadObject (0.8 USD a million) only for versions that are delivered again.
 */
export class Claims {
  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly now: () => number = Date.now,
  ) {}

  /** Takes the claim, unless another holds it. Takes over where an expired claim's output doesn't exist. */
  async take(claim: OutputClaim, signal?: AbortSignal): Promise<ClaimOutcome> {
    const put = await this.#put(claim, { IfNoneMatch: "*" }, signal);
    if (put !== "refused") return put;
    const held = await this.read(claim.source, signal);
    if (!held) return "busy";
    const { body, etag } = held;
    // The first attempt of a retried request got through: the claim is ours.
    if ("output" in body && body.output === claim.output) return "won";
    if (await this.isDone(body, signal)) return "done";
    if ("output" in body && body.expiresAt > this.now()) return "busy";
    const takeover = await this.#put(claim, { IfMatch: etag }, signal);
    return takeover === "refused" ? "busy" : takeover;
  }

  /**
   * Marks a version as rejected, in place of the claim with `etag` where one has been read.
   * @throws when S3 doesn't confirm it
   */
  async reject(claim: RejectionClaim, etag: string | undefined, signal?: AbortSignal): Promise<void> {
    const put = await this.#put(claim, etag ? { IfMatch: etag } : { IfNoneMatch: "*" }, signal);
    if (put !== "won")
      throw new Error(`the claim of ${claim.source.key} could not be marked as rejected: ${put}`);
  }

  /** The claim of a version and its ETag; undefined when there is none. */
  async read(
    source: ObjectVersion,
    signal?: AbortSignal,
  ): Promise<{ body: Claim; etag: string } | undefined> {
    try {
      const found = await this.s3.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: this.#key(source) }),
        {
          abortSignal: signal,
        },
      );
      const body = JSON.parse((await found.Body?.transformToString()) ?? "null") as Claim;
      return { body, etag: found.ETag ?? "" };
    } catch (error) {
      if (awsError(error).status === 404) return undefined;
      throw error;
    }
  }

  /** Whether a claim's version has come to its end: rejected, or its rows lie in the output. */
  async isDone(claim: Claim, signal?: AbortSignal): Promise<boolean> {
    if ("rejected" in claim) return true;
    try {
      await this.s3.send(new HeadObjectCommand({ Bucket: this.bucket, Key: claim.output }), {
        abortSignal: signal,
      });
      return true;
    } catch (error) {
      if (awsError(error).status === 404) return false;
      throw error;
    }
  }

  async #put(
    claim: Claim,
    condition: Pick<PutObjectCommandInput, "IfNoneMatch" | "IfMatch">,
    signal?: AbortSignal,
  ): Promise<"won" | "refused" | "unknown"> {
    try {
      const Key = this.#key(claim.source);
      const Body = JSON.stringify(claim);
      await this.s3.send(
        new PutObjectCommand({
          Bucket: this.bucket,
          Key,
          Body,
          ContentType: "application/json",
          ...condition,
        }),
        { abortSignal: signal },
      );
      return "won";
    } catch (error) {
      const { status } = awsError(error);
      // 412: the condition doesn't hold. 409: another conditional write of the key is under way.
      if (status === 412 || status === 409) return "refused";
      // With If-Match, 404 means that the claim is gone.
      if (status === 404 && condition.IfMatch) return "refused";
      // Refused before it could take effect; anything else may have gone through.
      if (status !== undefined && status >= 400 && status < 500) throw error;
      return "unknown";
    }
  }

  #key({ bucket, key, version }: ObjectVersion): string {
    return claimKey(bucket, key, version);
  }
}
