import type { Letter } from "../dead-letters/letter.ts";
import { compileWhere } from "../dead-letters/where.ts";
import { parseMoment } from "../tail/time.ts";
import type { ReplayOptions } from "./options.ts";

/**
 * The letters that `--where`, `--older` and `--newer` choose; a letter whose age is unknown is neither.
 * @param now milliseconds since the epoch
 * @throws UsageError where one of them can't be read
 */
export function selection(
  { where, older, newer }: Pick<ReplayOptions, "where" | "older" | "newer">,
  now: number,
): (letter: Letter) => boolean {
  const wanted = where === undefined ? () => true : compileWhere(where);
  const before = older === undefined ? undefined : parseMoment(older, "--older", now).at;
  const after = newer === undefined ? undefined : parseMoment(newer, "--newer", now).at;
  if (before === undefined && after === undefined) return wanted;
  return (letter) => {
    if (letter.sentAt === null) return false;
    const sent = Date.parse(letter.sentAt);
    return (
      (before === undefined || sent < before) && (after === undefined || sent >= after) && wanted(letter)
    );
  };
}
