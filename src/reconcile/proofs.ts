import type { Clients } from "../aws/clients.ts";
import type { DeployedPipeline } from "../topology/deployment.ts";
import { ClaimProof } from "./claim-proof.ts";
import { DeadLetterProof } from "./dead-letter-proof.ts";
import { OutputProof, type OutputWindow } from "./output-proof.ts";
import type { Proof } from "./proof.ts";
import { EtagNames, ProofByEtag } from "./versions-by-etag.ts";

/** Receivers of one look into a dead-letter queue. */
const RECEIVERS = 4;

export interface ProofParts {
  clients: Clients;
  /** Bucket the records landed in. */
  landing: string;
  /** AWS itself, not the local engine or an emulator. */
  onAws: boolean;
  /** Its S3 events may name object versions by their ETags only: emulators, but neither AWS nor edp's engine. */
  versionsByEtag: boolean;
  window: OutputWindow;
  now(): number;
  signal: AbortSignal;
}

/** What can show where the records of a pipeline ended, the cheapest first. */
export interface Proofs {
  /** Parquet outputs: cheap, and enough for a run without faults. */
  outputs: Proof[];
  /** Claims beside the outputs: a request for each open record, and never out of date. */
  claims: Proof[];
  deadLetters: Proof[];
}

/** The proofs of a pipeline, by the things that it declares: buckets its functions write, and dead-letter queues. */
export async function proofsOf(deployed: DeployedPipeline, parts: ProofParts): Promise<Proofs> {
  const { landing, onAws, window, now, signal } = parts;
  const s3 = await parts.clients.s3();
  const sqs = await parts.clients.sqs();
  const buckets = outputBuckets(deployed);
  const look = { parallel: RECEIVERS, waitSeconds: onAws ? 1 : 0, now, signal };
  const proofs: Proofs = {
    outputs: buckets.map((bucket) => new OutputProof(s3, bucket, window)),
    claims: buckets.map((bucket) => new ClaimProof(s3, bucket, landing)),
    deadLetters: deadLetterUrls(deployed).map((url) => new DeadLetterProof(sqs, url, landing, look)),
  };
  if (!parts.versionsByEtag) return proofs;
  const names = new EtagNames(s3, landing);
  return {
    outputs: proofs.outputs.map((proof) => new ProofByEtag(proof, names)),
    claims: proofs.claims.map((proof) => new ProofByEtag(proof, names, true)),
    deadLetters: proofs.deadLetters.map((proof) => new ProofByEtag(proof, names)),
  };
}

/** Names of the buckets that functions write outputs and claims to. */
export function outputBuckets({ topology, addresses }: DeployedPipeline): string[] {
  const written = new Set(Object.values(topology.functions).flatMap((declared) => declared.writes));
  return [...written].flatMap((key) => addresses.buckets[key]?.name ?? []);
}

/** URLs of every queue that takes what could not be processed or delivered. */
export function deadLetterUrls({ addresses }: DeployedPipeline): string[] {
  return [...Object.values(addresses.queues).map(({ dlqUrl }) => dlqUrl), addresses.undelivered.url];
}
