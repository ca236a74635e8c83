import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import {
  type DayFile,
  KINDS,
  type Kind,
  parseDayFile,
  siblingKey,
} from "../lambda/partner/process/day-file.ts";
import type { WaitingFiles } from "./waiting.ts";

/** Days of which one or two files are there: the function `process` runs when all three lie in the same folder. */
export async function waitingDays(s3: S3Client, bucket: string): Promise<WaitingFiles[]> {
  const days = new Map<string, { day: DayFile; kinds: Set<Kind>; since: number }>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
    for (const { Key = "", LastModified } of Contents) {
      const day = dayOf(Key);
      if (!day) continue;
      const id = `${day.folder}\0${day.date}`;
      const known = days.get(id) ?? { day, kinds: new Set(), since: 0 };
      known.kinds.add(day.kind);
      known.since = Math.max(known.since, LastModified?.getTime() ?? 0);
      days.set(id, known);
    }
  }
  return [...days.values()].flatMap(({ day, kinds, since }) => {
    if (kinds.size === KINDS.length) return [];
    const keys = (there: boolean) =>
      KINDS.filter((kind) => kinds.has(kind) === there).map((kind) => siblingKey(day, kind));
    return [
      { of: day.date, arrived: keys(true), missing: keys(false), since: new Date(since).toISOString() },
    ];
  });
}

function dayOf(key: string): DayFile | undefined {
  try {
    return parseDayFile(key);
  } catch {
    // Its notification is a dead letter by now.
    return undefined;
  }
}
