import type { Letter } from "../dead-letters/letter.ts";
import type { Earlier } from "./ledger.ts";
import { COUNT_ATTRIBUTE, fingerprint } from "./outgoing.ts";

/**
 * How often a letter has been replayed: by its attribute, else by the ledgers, which know those that have no room
 * for it by the id they were given, or by their content.
 */
export function replaysSoFar(letter: Letter, { counts }: Pick<Earlier, "counts">): number {
  const given = Number(letter.attributes[COUNT_ATTRIBUTE]);
  if (Number.isInteger(given) && given > 0) return given;
  if (counts.size === 0) return 0;
  const { Body = "", MessageAttributes = {} } = letter.raw;
  return counts.get(letter.messageId) ?? counts.get(fingerprint(Body, MessageAttributes)) ?? 0;
}
