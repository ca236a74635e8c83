import type { Clients } from "../../aws/clients.ts";
import { ClaimProof } from "../../reconcile/claim-proof.ts";
import { outputBuckets } from "../../reconcile/proofs.ts";
import { versionKey } from "../../reconcile/tally.ts";
import type { Deployment } from "../../topology/deployment.ts";
import { objectId, type Watch, type Watched } from "./watch.ts";

/** Object versions asked for at a poll where nothing says that they have ended. */
const UNPROMPTED = 500;

interface Landing {
  bucket: string;
  proofs: ClaimProof[];
}

/**
 * The best evidence: the claim of the object version that a message is about, with the output that it names, or with
 * the reason for which it was rejected.
 */
export class ObjectEvidence {
  private constructor(private readonly landings: ReadonlyMap<string, Landing>) {}

  static async open(deployment: Deployment | null, clients: Clients): Promise<ObjectEvidence> {
    const landings = new Map<string, Landing>();
    for (const deployed of Object.values(deployment?.pipelines ?? {})) {
      const s3 = await clients.s3();
      const outputs = outputBuckets(deployed);
      for (const { name: bucket } of Object.values(deployed.addresses.buckets)) {
        landings.set(bucket, {
          bucket,
          proofs: outputs.map((output) => new ClaimProof(s3, output, bucket)),
        });
      }
    }
    return new ObjectEvidence(landings);
  }

  /** Whether claims can tell of every object that a message is about. */
  canTellOf({ objects }: Watched): boolean {
    return objects.length > 0 && objects.every(({ bucket }) => this.landings.has(bucket));
  }

  /**
   * Asks for the claims of open messages, one request for each object version.
   * @param prompted messages that a log says have ended: all of these are asked for, of the others the oldest ones
   */
  async look(watch: Watch, prompted: ReadonlySet<Watched>): Promise<void> {
    const wanted = new Map<string, Set<string>>();
    let unprompted = 0;
    for (const watched of watch.open) {
      if (!prompted.has(watched) && unprompted++ >= UNPROMPTED) continue;
      for (const { bucket, key, version } of watched.objects) {
        if (!watched.open.has(objectId({ bucket, key, version }))) continue;
        const ids = wanted.get(bucket) ?? new Set();
        wanted.set(bucket, ids.add(versionKey(key, version)));
      }
    }
    for (const [bucket, ids] of wanted) {
      for (const proof of this.landings.get(bucket)?.proofs ?? []) {
        for await (const { id, end } of proof.find(ids, true)) {
          if (end.state !== "deadLettered") watch.settleObject(`${bucket}\0${id}`, end.state, "claim");
        }
      }
    }
  }
}
