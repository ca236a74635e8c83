import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { awsError } from "../lambda/shared/faults.ts";
import type { Finding, Proof } from "./proof.ts";
import { splitVersionKey, versionKey } from "./tally.ts";

const REQUESTS_AT_ONCE = 64;
const ETAG = "etag:";

/**
 * Names object versions by their ETags. AWS's events name a version by its id; some emulators leave the id out, and
 * functions then know the version as `etag:<etag>`, while whoever stored the object knows its id.
 */
export class EtagNames {
  readonly #names = new Map<string, string | undefined>();

  constructor(
    private readonly s3: S3Client,
    /** Bucket of the objects. */
    private readonly bucket: string,
  ) {}

  /** Records by their ETag names: one HeadObject for each that was not asked for before; deleted ones are left out. */
  async records(ids: Iterable<string>): Promise<Map<string, string>> {
    const pairs = await pMap(ids, async (id) => [await this.#nameOf(id), id] as const, {
      concurrency: REQUESTS_AT_ONCE,
    });
    return new Map(pairs.flatMap(([name, id]) => (name === undefined ? [] : [[name, id]])));
  }

  async #nameOf(id: string): Promise<string | undefined> {
    if (isEtagName(id)) return undefined;
    if (!this.#names.has(id)) this.#names.set(id, await this.#ask(id));
    return this.#names.get(id);
  }

  async #ask(id: string): Promise<string | undefined> {
    const { key, version } = splitVersionKey(id);
    try {
      const head = await this.s3.send(
        new HeadObjectCommand({ Bucket: this.bucket, Key: key, VersionId: version }),
      );
      return head.ETag && versionKey(key, `${ETAG}${head.ETag.replaceAll('"', "")}`);
    } catch (error) {
      const { status } = awsError(error);
      // 400: no version id of this bucket; 405: a delete marker.
      if (status === 404 || status === 400 || status === 405) return undefined;
      throw error;
    }
  }
}

/** A proof whose findings may name object versions by their ETags; costs nothing where they don't. */
export class ProofByEtag implements Proof {
  constructor(
    private readonly proof: Proof,
    private readonly names: EtagNames,
    /** Whether the proof looks each open record up by its name: then a thorough look asks by both names. */
    private readonly byName = false,
  ) {}

  async *find(open: ReadonlySet<string>, thorough: boolean): AsyncGenerator<Finding> {
    let byKey: Map<string, string[]> | undefined;
    for await (const { id, end } of this.proof.find(open, thorough)) {
      if (!isEtagName(id) || open.has(id)) {
        yield { id, end };
        continue;
      }
      byKey ??= groupByKey(open);
      const records = await this.names.records(byKey.get(splitVersionKey(id).key) ?? []);
      yield { id: records.get(id) ?? id, end };
    }
    if (!this.byName || !thorough || open.size === 0) return;
    const records = await this.names.records(open);
    for await (const { id, end } of this.proof.find(new Set(records.keys()), thorough)) {
      yield { id: records.get(id) ?? id, end };
    }
  }
}

function isEtagName(id: string): boolean {
  return splitVersionKey(id).version.startsWith(ETAG);
}

function groupByKey(ids: Iterable<string>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const id of ids) {
    const { key } = splitVersionKey(id);
    groups.set(key, [...(groups.get(key) ?? []), id]);
  }
  return groups;
}
