import { stat } from "node:fs/promises";
import { InvalidInputError } from "../../errors.ts";
import { type Documents, isLinesFile, readJsonFile, streamLines } from "../json-documents.ts";
import type { RejectedInput } from "../source.ts";
import type { EventDraft, EventSource } from "./event.ts";

/**
 * Events of a file: a JSON array of them or a single one, or NDJSON with one a line.
 * @param entityType with it, the file holds entities as the Fake Store gives them, which become events of this type
 * @throws InvalidInputError when there is no such file
 */
export async function fileSource(file: string, entityType: string | undefined): Promise<EventSource> {
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === "ENOENT" ? "does not exist" : `cannot be read: ${error.message}`;
    throw new InvalidInputError(`${file} ${reason}.`, { cause: error });
  });
  if (!info.isFile()) {
    throw new InvalidInputError(`${file} is no file.`, {
      hint: "Give --from a JSON or NDJSON file of events.",
    });
  }
  return {
    async *drafts(reject) {
      for await (const content of isLinesFile(file) ? streamLines(file) : only(readJsonFile(file))) {
        for (const fault of content.faults) reject(fault);
        for (const { place, value } of content.documents) {
          const origin = `${file}${place}`;
          if (!Array.isArray(value)) yield* draftOf(value, origin, entityType, reject);
          else {
            for (const [index, one] of value.entries()) {
              yield* draftOf(one, `${origin}[${index}]`, entityType, reject);
            }
          }
        }
      }
    },
  };
}

async function* only(content: Promise<Documents>): AsyncGenerator<Documents> {
  yield await content;
}

/** The outline that the API's gateway asks for, or it would refuse a whole batch for one of them. */
function* draftOf(
  value: unknown,
  origin: string,
  entityType: string | undefined,
  reject: (input: RejectedInput) => void,
): Generator<EventDraft> {
  const fail = (reason: string) => reject({ file: origin, reason, status: "failed" });
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail("is no object");
  if (entityType !== undefined) return yield { type: entityType, data: value, origin };
  const { type, eventId, data } = value as Record<string, unknown>;
  if (typeof type !== "string") return fail("has no type: an event is {type, eventId?, data}");
  if (eventId !== undefined && typeof eventId !== "string") return fail("has an eventId that is no string");
  yield { type, data, origin, ...(eventId !== undefined && { eventId }) };
}
