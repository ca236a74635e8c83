import { describe, expect, it } from "vitest";
import type { Answer } from "../../../../src/ingest/fakestore/endpoint.ts";
import { judge } from "../../../../src/ingest/fakestore/verdict.ts";

const answer = (status: number, body: unknown = {}, rest: Partial<Answer> = {}): Answer => ({
  status,
  body,
  errorType: null,
  retryAfterSeconds: null,
  ...rest,
});
const accepted = (...indexes: number[]) => indexes.map((index) => ({ index, eventId: `e${index}` }));
const rejected = (...indexes: number[]) => indexes.map((index) => ({ index, path: "data.id", reason: "no" }));

describe("an answer of the API", () => {
  it.each([
    ["202: every event is taken", 202, { accepted: accepted(0, 1), rejected: [] }, []],
    ["207: some are", 207, { accepted: accepted(0), rejected: rejected(1) }, [1]],
    ["400: none is", 400, { accepted: [], rejected: rejected(0, 1) }, [0, 1]],
    ["413 for single events", 413, { accepted: accepted(), rejected: rejected(0, 1) }, [0, 1]],
  ])("%s", (_what, status, body, refused) => {
    const verdict = judge(answer(status, body), 2);
    expect(verdict).toMatchObject({ kind: "settled" });
    expect(verdict.kind === "settled" && [...verdict.refused.keys()]).toEqual(refused);
  });

  it("503 with a part taken: only the others are sent again, and everybody waits as long as asked", () => {
    const body = { accepted: accepted(0), rejected: rejected(2), retry: accepted(1) };
    const verdict = judge(answer(503, body, { retryAfterSeconds: 2 }), 3);
    expect(verdict).toMatchObject({ kind: "retry", everyone: true, waitMs: 2_000 });
    expect(verdict.kind === "retry" && [...(verdict.told?.keys() ?? [])]).toEqual([0, 2]);
  });

  it.each([
    [
      "429 Too Many Requests",
      answer(429, { message: "Too Many Requests" }),
      { kind: "retry", everyone: true },
    ],
    ["500", answer(500, { message: "Internal server error" }), { kind: "retry", everyone: false }],
    ["502 with HTML", answer(502, "<html>"), { kind: "retry", everyone: false }],
    ["200 of something else", answer(200, "<html>"), { kind: "retry", everyone: false }],
    ["202 without lists", answer(202, { ok: true }), { kind: "retry", everyone: false }],
    ["429 Limit Exceeded", answer(429, { message: "Limit Exceeded" }), { kind: "stop", why: "quota" }],
    [
      "429 of the quota by its header",
      answer(429, { message: null }, { errorType: "LimitExceededException" }),
      { kind: "stop", why: "quota" },
    ],
    ["403", answer(403, { message: "Forbidden" }), { kind: "stop", why: "key" }],
    [
      "403 of no route",
      answer(403, { message: "Missing Authentication Token" }),
      { kind: "stop", why: "gone" },
    ],
    ["404", answer(404), { kind: "stop", why: "gone" }],
    ["413 of the gateway", answer(413, { message: "Request Too Long" }), { kind: "split" }],
    [
      "400 of the gateway",
      answer(400, { message: "Invalid request body", error: "[0].type is missing" }),
      { kind: "split", refusal: { path: "", reason: "[0].type is missing" } },
    ],
  ])("%s", (_what, given, verdict) => {
    expect(judge(given, 2)).toMatchObject(verdict);
  });
});
