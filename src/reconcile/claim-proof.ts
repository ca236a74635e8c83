import type { S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { type Claim, Claims } from "../lambda/shared/claims.ts";
import type { End, Finding, Proof } from "./proof.ts";
import { splitVersionKey } from "./tally.ts";

const READS_AT_ONCE = 64;
/** Open records asked for before the findings are handed on. */
const CHUNK = 1_000;

/**
 * Rejected or processed, by the claims of object versions beside the outputs: one GetObject for each open record, and
 * one HeadObject for each output that a claim names. So it is asked only when a thorough look is wanted.
 */
export class ClaimProof implements Proof {
  readonly #claims: Claims;
  /** Outputs that exist. */
  readonly #outputs = new Set<string>();

  constructor(
    s3: S3Client,
    /** Bucket that holds outputs and claims. */
    private readonly bucket: string,
    /** Bucket that holds the objects. */
    private readonly landing: string,
  ) {
    this.#claims = new Claims(s3, bucket);
  }

  async *find(open: ReadonlySet<string>, thorough: boolean): AsyncGenerator<Finding> {
    if (!thorough) return;
    const ids = [...open];
    for (let first = 0; first < ids.length; first += CHUNK) {
      const found = await pMap(ids.slice(first, first + CHUNK), (id) => this.#findOne(id), {
        concurrency: READS_AT_ONCE,
      });
      yield* found.flat();
    }
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
