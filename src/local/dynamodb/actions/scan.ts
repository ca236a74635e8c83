import type { Operation } from "../../http/json-protocol.ts";
import type { Members } from "../../http/members.ts";
import { validation } from "../errors.ts";
import { Placeholders } from "../expressions/placeholders.ts";
import { atLeast, requiredTable } from "../parameters.ts";
import { pageReader } from "../reads/page.ts";
import { sourceOf, startPlace } from "../reads/source.ts";
import type { Database } from "../store/database.ts";

/** Places begin with a hash, of which segments share out the first four bytes. */
const HASHES = 2 ** 32;
const MAX_SEGMENTS = 1_000_000;

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html */
export function scan(database: Database): Operation {
  return (input) => {
    const source = sourceOf(requiredTable(database, input), input);
    const placeholders = new Placeholders(input, ["FilterExpression", "ProjectionExpression"]);
    const page = pageReader(source, input, placeholders);
    placeholders.checkAllUsed();
    const { start, end } = segmentOf(input);
    const after = startPlace(source, input);
    if (after !== undefined && (after < start || (end !== undefined && after >= end))) {
      throw validation(
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment.",
      );
    }
    return page.read(source.entries.ascending(after === undefined ? start : `${after}\0`, end));
  };
}

/** The stretch of one of TotalSegments parallel scans. */
function segmentOf(input: Members): { start: string; end: string | undefined } {
  const segment = atLeast(input, "Segment", 0);
  const total = atLeast(input, "TotalSegments", 1);
  if (segment === undefined && total === undefined) return { start: "", end: undefined };
  if (segment === undefined) {
    throw validation(
      "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    );
  }
  if (total === undefined) {
    throw validation(
      "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    );
  }
  if (total > MAX_SEGMENTS) throw validation(`TotalSegments must be at most ${MAX_SEGMENTS}`);
  if (segment >= total) {
    throw validation(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${segment} is not less than TotalSegments: ${total}`,
    );
  }
  return { start: place(segment, total), end: segment + 1 === total ? undefined : place(segment + 1, total) };
}

function place(segment: number, total: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Math.floor((segment * HASHES) / total));
  return bytes.toString("latin1");
}
