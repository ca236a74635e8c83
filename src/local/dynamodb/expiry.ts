import type { EngineParts } from "../service.ts";
import type { Database } from "./store/database.ts";
import { expiryOf } from "./store/table.ts";

/** Expired items are deleted this often, in milliseconds; AWS takes up to a few days. Until then reads show them. */
export const EXPIRY_INTERVAL_MS = 60_000;

/** Deletes expired items again and again. Returns what ends that, resolving when nothing is under way any more. */
export function deleteExpired(database: Database, { clock, log }: EngineParts): () => Promise<void> {
  let cancel: () => void;
  let underWay: Promise<void> = Promise.resolve();
  const schedule = () => {
    cancel = clock.after(EXPIRY_INTERVAL_MS, () => {
      underWay = sweep(database).catch((error: Error) => {
        log(`dynamodb: expired items stay for now: ${error.message}`);
      });
      schedule();
    });
  };
  schedule();
  return () => {
    cancel();
    return underWay;
  };
}

async function sweep(database: Database): Promise<void> {
  const now = Math.floor(database.now() / 1000);
  const places = database.tables().flatMap((table) => table.expired(now).map((place) => ({ table, place })));
  await Promise.all(
    places.map(({ table, place }) =>
      database.write([
        {
          table,
          place,
          // It may have been written anew meanwhile.
          decide: (item) => {
            const at = item && expiryOf(table.definition, item);
            return at !== undefined && at <= now ? null : undefined;
          },
        },
      ]),
    ),
  );
}
