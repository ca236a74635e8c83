import type { EventEntry } from "./manifest.ts";

/** `unanswered`: sent, or about to be, without an answer that tells of it; `unsent`: surely not taken. */
export type EventAnswer = "accepted" | "rejected" | "unanswered" | "unsent";

/** What the API answered of each event of a manifest. A batch without a second line was under way when its run died. */
export async function* eventAnswers(
  entries: AsyncIterable<EventEntry>,
): AsyncGenerator<{ eventId: string; answer: EventAnswer }> {
  const sent = new Map<number, readonly string[]>();
  for await (const entry of entries) {
    if ("ids" in entry) {
      sent.set(entry.batch, entry.ids);
      continue;
    }
    const ids = sent.get(entry.batch) ?? [];
    sent.delete(entry.batch);
    const answers = new Map<number, EventAnswer>();
    for (const index of entry.rejected) answers.set(index, "rejected");
    for (const index of entry.unanswered) answers.set(index, "unanswered");
    for (const index of entry.unsent ?? []) answers.set(index, "unsent");
    for (const [index, eventId] of ids.entries()) yield { eventId, answer: answers.get(index) ?? "accepted" };
  }
  for (const ids of sent.values()) for (const eventId of ids) yield { eventId, answer: "unanswered" };
}
