import { LOCAL_ENV } from "../context.ts";
import type { ManifestEntry } from "../ingest/manifest.ts";
import { counted } from "../terminal/format.ts";
import { findLanded } from "./landed.ts";
import { proofsOf } from "./proofs.ts";
import type { ObjectReport } from "./report.ts";
import type { SettlerKind } from "./settler.ts";
import { Tally, versionKey } from "./tally.ts";
import { settleAll } from "./wait.ts";

/** Outputs of a run are looked for until so long after its last object landed; claims tell of later ones. */
const SETTLED_AFTER_MS = 15 * 60_000;

/** Objects of a landing bucket: processed where an output's footer or its claim names the version. */
export const objects: SettlerKind<"objects"> = {
  unit: "objects",
  async open({ header, entries, deployment, deployed, clients, context, lastWritten }) {
    const { bucket } = header;
    const tally = new Tally();
    const accepted = new Map<string, Pick<ManifestEntry, "key" | "versionId">>();
    for await (const { key, versionId } of entries) {
      tally.accept({ key, versionId });
      accepted.set(versionKey(key, versionId ?? ""), { key, versionId });
    }
    const from = Date.parse(header.startedAt);
    const { outputs, claims, deadLetters } = await proofsOf(deployed, {
      clients,
      landing: bucket,
      onAws: deployment.endpoint === null,
      versionsByEtag: deployment.endpoint !== null && context.env !== LOCAL_ENV,
      window: lastWritten === null ? { from } : { from, until: lastWritten + SETTLED_AFTER_MS },
      now: context.now,
      signal: context.signal,
    });
    const proofs =
      lastWritten === null
        ? [...outputs, ...deadLetters, ...claims]
        : // The claims twice: what was on its way from one place to the next meanwhile has arrived by then.
          [...outputs, ...claims, ...deadLetters, ...claims];
    return {
      get counts() {
        return tally.counts;
      },
      get deadLetters() {
        return tally.deadLetters;
      },
      look: (thorough, onFound) => settleAll(tally, proofs, thorough, onFound),
      async settled(onTheWay) {
        const landed = await findLanded(await clients.s3(), bucket, [...tally.missing]);
        const records = [...accepted].map(([id, one]): ObjectReport => {
          const end = tally.endOf(id) ?? { state: "missing", landed: landed.get(id) ?? null };
          return { ...one, ...end };
        });
        const there = [...landed.values()].filter(Boolean).length;
        return {
          records,
          outputs: new Set(records.flatMap((one) => (one.state === "processed" ? [one.output] : []))).size,
          gone: accepted.size > 0 && tally.missing.size === accepted.size && there === 0,
          notes: there > 0 && !onTheWay ? [stillThere(there, bucket)] : [],
        };
      },
    };
  },
};

function stillThere(count: number, bucket: string): string {
  return (
    `${counted(count, "missing object")} still in ${bucket}: an object that is copied onto itself is sent anew ` +
    `(aws s3 cp s3://${bucket}/KEY s3://${bucket}/KEY --metadata-directive REPLACE).`
  );
}
