import type { EventEntry } from "./manifest.ts";

/** `unanswered`: sent, or about to be, without an answer that tells of it. */
export type EventAnswer = "accepted" | "rejected" | "unanswered";

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
    const [rejected, unanswered] = [new Set(entry.rejected), new Set(entry.unanswered)];
    for (const [index, eventId] of ids.entries()) {
      const answer = unanswered.has(index) ? "unanswered" : rejected.has(index) ? "rejected" : "accepted";
      yield { eventId, answer };
    }
  }
  for (const ids of sent.values()) for (const eventId of ids) yield { eventId, answer: "unanswered" };
}
