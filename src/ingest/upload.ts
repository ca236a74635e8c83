import type { PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { awsError } from "../lambda/shared/faults.ts";
import { listEtags, plainEtag } from "./bucket-listing.ts";
import type { LandingObject } from "./landing-object.ts";
import type { Patience } from "./patience.ts";
import type { SentIndex } from "./sent-index.ts";
import { compare, type Outcome, type Sink, type StoredObject } from "./sink.ts";

/** User metadata of every landed object, without S3's `x-amz-meta-` prefix. */
export const METADATA = { sha256: "edp-sha256", full: "edp-full", run: "edp-run" } as const;

/** Attempts at one key while other writers keep changing it. */
const MAX_CONTESTED = 10;

interface Head extends StoredObject {
  etag: string;
  version: string;
  run: string | undefined;
}

/**
 * Uploads to the landing bucket. Every put is conditional (If-None-Match, If-Match), so that two ingests at
 * once store no object twice and no short form ever replaces a full one: the bucket decides, not the index.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export class BucketSink implements Sink {
  #listings = new Map<string, Promise<Map<string, string>>>();

  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly runId: string,
    private readonly index: SentIndex,
    private readonly patience: Patience,
  ) {}

  async store(object: LandingObject): Promise<Outcome> {
    const remembered = await this.#remembered(object.key);
    if (remembered) {
      const verdict = compare(object, remembered);
      if (verdict !== "replace") return { status: verdict };
    }
    let condition: Pick<PutObjectCommandInput, "IfNoneMatch" | "IfMatch"> = remembered
      ? { IfMatch: `"${remembered.etag}"` }
      : { IfNoneMatch: "*" };
    for (let attempt = 0; attempt < MAX_CONTESTED; attempt++) {
      const put = await this.patience.through(() => this.#put(object, condition));
      if (put) return this.#accepted(object, put);
      const head = await this.patience.through(() => this.#head(object.key));
      if (!head) {
        condition = { IfNoneMatch: "*" };
        continue;
      }
      // An answer was lost on its way and the request repeated: it was this run that stored it.
      if (head.sha256 === object.sha256 && head.run === this.runId) return this.#accepted(object, head);
      const verdict = compare(object, head);
      if (verdict !== "replace") {
        if (head.sha256)
          this.index.add(object.key, { sha256: head.sha256, full: head.full, etag: head.etag });
        return { status: verdict };
      }
      condition = { IfMatch: `"${head.etag}"` };
    }
    throw new Error(`other writers kept changing it during ${MAX_CONTESTED} attempts`);
  }

  async preview(object: LandingObject): Promise<Outcome["status"]> {
    const stored =
      (await this.#remembered(object.key)) ?? (await this.patience.through(() => this.#head(object.key)));
    const verdict = stored ? compare(object, stored) : "replace";
    return verdict === "replace" ? "accepted" : verdict;
  }

  close(): Promise<void> {
    return this.index.close();
  }

  #accepted(object: LandingObject, { etag, version }: Pick<Head, "etag" | "version">): Outcome {
    this.index.add(object.key, { sha256: object.sha256, full: object.full, etag });
    return { status: "accepted", version };
  }

  /** What the index says of a key, if the bucket's listing bears it out. */
  async #remembered(key: string) {
    const sent = this.index.get(key);
    if (!sent) return undefined;
    const folder = key.slice(0, key.lastIndexOf("/") + 1);
    let listing = this.#listings.get(folder);
    if (!listing) {
      listing = this.patience.through(() =>
        listEtags(this.s3, this.bucket, folder, this.index.size, (listed) => this.index.has(listed)),
      );
      this.#listings.set(folder, listing);
    }
    return (await listing).get(key) === sent.etag ? sent : undefined;
  }

  /** Undefined when the condition does not hold. */
  async #put(
    object: LandingObject,
    condition: Pick<PutObjectCommandInput, "IfNoneMatch" | "IfMatch">,
  ): Promise<Pick<Head, "etag" | "version"> | undefined> {
    const { PutObjectCommand } = await import("@aws-sdk/client-s3");
    try {
      const answer = await this.s3.send(
        new PutObjectCommand({
          Bucket: this.bucket,
          Key: object.key,
          Body: object.body,
          ContentType: "application/json",
          Metadata: {
            [METADATA.sha256]: object.sha256,
            [METADATA.full]: String(object.full),
            [METADATA.run]: this.runId,
          },
          ...condition,
        }),
      );
      return identity(answer);
    } catch (error) {
      const { status, name } = awsError(error);
      // 412: the condition doesn't hold; 409: another conditional write is under way; 404: gone, with If-Match.
      if (status === 412 || status === 409 || (status === 404 && name !== "NoSuchBucket")) return undefined;
      throw error;
    }
  }

  async #head(key: string): Promise<Head | undefined> {
    const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
    try {
      const answer = await this.s3.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }));
      const { [METADATA.sha256]: sha256, [METADATA.full]: full, [METADATA.run]: run } = answer.Metadata ?? {};
      return { ...identity(answer), sha256, full: full === "true", run };
    } catch (error) {
      if (awsError(error).status === 404) return undefined;
      throw error;
    }
  }
}

function identity(answer: { ETag?: string; VersionId?: string }): Pick<Head, "etag" | "version"> {
  const etag = plainEtag(answer.ETag);
  return { etag, version: answer.VersionId ?? `etag:${etag}` };
}
