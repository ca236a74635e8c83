import { createHash } from "node:crypto";
import { canonicalJson, parseJson } from "./json.ts";
import type { Entity, SourceEntity } from "./source.ts";
import { type Spilled, SpillFile } from "./spill-file.ts";

/** The best short form of an entity seen so far; its text lies in the spill file. */
interface ShortForm extends Spilled {
  members: number;
  hash: string;
  dataset: string;
  id: string;
  origin: string;
}

const FULL = "full";

/**
 * Yields each key once. A full entity wins over its short forms wherever in the stream it comes, so short
 * forms wait on disk for the end. Of several short forms the one that says most wins (most members, then the
 * longest, then the greatest hash): the choice doesn't depend on the order. Of several full ones, the first.
 */
export async function* preferFull(entities: AsyncIterable<SourceEntity>): AsyncGenerator<SourceEntity> {
  const best = new Map<string, typeof FULL | ShortForm>();
  const spill = new SpillFile();
  try {
    for await (const entity of entities) {
      const known = best.get(entity.key);
      if (known === FULL) continue;
      if (entity.full) {
        best.set(entity.key, FULL);
        yield entity;
        continue;
      }
      const text = canonicalJson(entity.entity);
      const candidate = {
        members: Object.keys(entity.entity).length,
        length: Buffer.byteLength(text),
        hash: createHash("sha256").update(text).digest("base64"),
      };
      if (known && !saysMore(candidate, known)) continue;
      const { dataset, id, origin } = entity;
      best.set(entity.key, { ...candidate, ...(await spill.write(text)), dataset, id, origin });
    }
    for (const [key, short] of best) {
      if (short === FULL) continue;
      const { dataset, id, origin } = short;
      yield { key, dataset, id, origin, full: false, entity: parseJson(await spill.read(short)) as Entity };
    }
  } finally {
    await spill.close();
  }
}

type Weight = Pick<ShortForm, "members" | "length" | "hash">;

function saysMore(one: Weight, other: Weight): boolean {
  if (one.members !== other.members) return one.members > other.members;
  if (one.length !== other.length) return one.length > other.length;
  return one.hash > other.hash;
}
