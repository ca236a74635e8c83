import type { SQSClient } from "@aws-sdk/client-sqs";
import { groupByCause } from "../dead-letters/groups.ts";
import type { Letter } from "../dead-letters/letter.ts";
import { lookThrough } from "../dead-letters/look.ts";
import { type LetterRow, rowOf } from "../dead-letters/row.ts";
import { EditError } from "./change.ts";
import { diffLetters } from "./diff.ts";
import type { Edit } from "./edit.ts";
import { destinationName, type Router } from "./router.ts";
import { NoRouteError } from "./routes/route.ts";
import { Accounts } from "./tally.ts";
import { type Preview, SKIPS } from "./types.ts";

/** Edits that are shown before anything is sent. */
const SHOWN_EDITS = 3;

export interface SurveyParts {
  select(letter: Letter): boolean;
  /** Whether `--max-replays` refuses a letter. */
  replayedTooOften(letter: Letter): boolean;
  edit: Edit | undefined;
  /** Letters after which the look ends. */
  most: number;
  /** Letters that would be sent at most. */
  max?: number | undefined;
  now(): number;
  onProgress(looked: number): void;
}

/** Says what a replay of these letters would do. Nothing is sent. */
export async function survey(
  letters: AsyncIterable<{ letter: Letter; router: Router; queue: string }>,
  parts: SurveyParts,
): Promise<Preview> {
  const rows: LetterRow[] = [];
  const destinations = new Map<string, number>();
  const edits: Preview["edits"] = [];
  const accounts = new Accounts();
  const { max = Number.POSITIVE_INFINITY } = parts;
  let looked = 0;
  for await (const { letter, router, queue } of letters) {
    parts.onProgress(++looked);
    if (parts.select(letter) && parts.replayedTooOften(letter)) {
      accounts.fail(queue, letter, "REPLAYED_TOO_OFTEN", `They were ${SKIPS.replayed}.`);
    } else if (parts.select(letter)) {
      try {
        const edited = parts.edit ? await parts.edit(letter) : letter;
        if (edited) {
          const { destination } = await router.route(edited);
          const name = destinationName(destination);
          destinations.set(name, (destinations.get(name) ?? 0) + 1);
          rows.push(rowOf(letter, parts.now()));
          if (edited !== letter && edits.length < SHOWN_EDITS) {
            const diff = diffLetters(letter, edited);
            if (diff !== "") edits.push({ messageId: letter.messageId, diff });
          }
        }
      } catch (error) {
        if (error instanceof NoRouteError) accounts.fail(queue, letter, error.code, error.message);
        else if (error instanceof EditError)
          accounts.fail(queue, letter, "EDIT_FAILED", `--edit: ${error.message}`);
        else throw error;
      }
    }
    if (looked >= parts.most || rows.length >= max) break;
  }
  return {
    looked,
    selected: rows.length,
    partial: looked >= parts.most,
    groups: groupByCause(rows),
    destinations: [...destinations]
      .map(([destination, count]) => ({ destination, count }))
      .sort((a, b) => b.count - a.count),
    failures: accounts.failures,
    edits,
  };
}

/** The letters of several queues, one after the other, without consuming. */
export async function* lookAll(
  sqs: SQSClient,
  queues: readonly { url: string; router: Router }[],
  options: { parallel: number; waitSeconds: number; now(): number; signal: AbortSignal },
): AsyncGenerator<{ letter: Letter; router: Router; queue: string }> {
  for (const { url, router } of queues) {
    for await (const letter of lookThrough(sqs, url, options)) yield { letter, router, queue: url };
  }
}
