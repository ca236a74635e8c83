import type { S3Client } from "@aws-sdk/client-s3";
import type { Clients } from "../aws/clients.ts";
import type { DeployedPipeline } from "../topology/deployment.ts";
import { waitingDays } from "./partner.ts";
import { waitingBatch } from "./warehouse.ts";

/** Files that have arrived, and wait for others that belong to them. */
export interface WaitingFiles {
  /** What they are of, e.g. the day `2022-01-30`. */
  of: string;
  /** Keys that are there. */
  arrived: string[];
  /** Keys that are still to come. */
  missing: string[];
  /** When the last of them arrived, ISO 8601 in UTC. */
  since: string;
}

/** Looks through the buckets that it names by their keys. */
interface Finder {
  buckets: readonly string[];
  find(s3: S3Client, ...buckets: string[]): Promise<WaitingFiles[]>;
}

/** Pipelines whose function waits until files are together: the buckets' keys, and what finds those that wait. */
const FINDERS: Readonly<Record<string, Finder>> = {
  partner: { buckets: ["uploads"], find: (s3, uploads = "") => waitingDays(s3, uploads) },
  warehouse: {
    buckets: ["inbox", "exports"],
    find: (s3, inbox = "", exports = "") => waitingBatch(s3, inbox, exports),
  },
};

/** Files of a pipeline that wait for others, the longest-waiting first; undefined where its functions never wait. */
export async function waitingFiles(
  clients: Clients,
  { topology, addresses }: DeployedPipeline,
): Promise<WaitingFiles[] | undefined> {
  const finder = FINDERS[topology.name];
  const buckets = finder?.buckets.flatMap((key) => addresses.buckets[key]?.name ?? []);
  if (!finder || buckets?.length !== finder.buckets.length) return undefined;
  const found = await finder.find(await clients.s3(), ...buckets);
  return found.sort((a, b) => a.since.localeCompare(b.since));
}
