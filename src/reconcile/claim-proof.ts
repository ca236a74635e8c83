import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { CLAIM_PREFIX, type Claim, Claims, claimKey } from "../lambda/shared/claims.ts";
import type { End, Finding, Proof } from "./proof.ts";
import { splitVersionKey } from "./tally.ts";

const READS_AT_ONCE = 64;
/** Open records asked for before the findings are handed on. */
const CHUNK = 1_000;
/** Open records above which the claims are listed first, so that only those that exist are read. */
const LIST_ABOVE = 500;
/** Of a thousand keys each; a page takes about as long as so many reads side by side. */
const READS_A_PAGE = 20;

/**
 * Rejected or processed, by the claims of object versions beside the outputs: one GetObject for each open record, and
 * one HeadObject for each output that a claim names. So it is asked only when a thorough look is wanted; and where much is
 * open, the claims are listed first, unless there are so many that reading is faster.
 */
export class ClaimProof implements Proof {
  readonly #claims: Claims;
  /** Outputs that exist. */
  readonly #outputs = new Set<string>();

  constructor(
    private readonly s3: S3Client,
    /** Bucket that holds outputs and claims. */
    private readonly bucket: string,
    /** Bucket that holds the objects. */
    private readonly landing: string,
  ) {
    this.#claims = new Claims(s3, bucket);
  }

  async *find(open: ReadonlySet<string>, thorough: boolean): AsyncGenerator<Finding> {
    if (!thorough) return;
    const ids = await this.#withClaims([...open]);
    for (let first = 0; first < ids.length; first += CHUNK) {
      const found = await pMap(ids.slice(first, first + CHUNK), (id) => this.#findOne(id), {
        concurrency: READS_AT_ONCE,
      });
      yield* found.flat();
    }
  }

  /** Leaves out records that have no claim, where listing the claims shows it at less cost. */
  async #withClaims(ids: string[]): Promise<string[]> {
    if (ids.length <= LIST_ABOVE) return ids;
    const listed = new Set<string>();
    const mostPages = Math.ceil(ids.length / READS_A_PAGE);
    let pages = 0;
    const request = { Bucket: this.bucket, Prefix: CLAIM_PREFIX };
    for await (const { Contents = [], IsTruncated } of paginateListObjectsV2({ client: this.s3 }, request)) {
      for (const { Key } of Contents) if (Key !== undefined) listed.add(Key);
      if (IsTruncated && ++pages >= mostPages) return ids;
    }
    return ids.filter((id) => {
      const { key, version } = splitVersionKey(id);
      return listed.has(claimKey(this.landing, key, version));
    });
  }

  async #findOne(id: string): Promise<Finding[]> {
    const held = await this.#claims.read({ bucket: this.landing, ...splitVersionKey(id) });
    const end = held && (await this.#endOf(held.body));
    return end ? [{ id, end }] : [];
  }

  /** A claim alone proves nothing: its writer may have died. Only with its output do the rows exist. */
  async #endOf(claim: Claim): Promise<End | undefined> {
    if ("rejected" in claim) {
      const { errorCode, path, message } = claim.rejected;
      return { state: "rejected", errorCode, path, message, supersededBy: claim.supersededBy };
    }
    if (!this.#outputs.has(claim.output)) {
      if (!(await this.#claims.isDone(claim))) return undefined;
      this.#outputs.add(claim.output);
    }
    return { state: "processed", output: `s3://${this.bucket}/${claim.output}` };
  }
}
