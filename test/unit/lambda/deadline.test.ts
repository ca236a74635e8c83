import { expect, it } from "vitest";
import { deadline } from "../../../src/lambda/shared/deadline.ts";

it("dozens of requests under one deadline are no leak to warn of", async () => {
  const warnings: string[] = [];
  const heard = (warning: Error) => void warnings.push(warning.message);
  process.on("warning", heard);
  const whole = deadline(60_000);
  for (const signal of [whole, deadline(60_000, whole)]) {
    for (let request = 0; request < 40; request++) signal.addEventListener("abort", () => {});
  }
  await new Promise(setImmediate);
  process.off("warning", heard);
  expect(warnings).toEqual([]);
});

it("a deadline ends with the one around it", () => {
  const around = new AbortController();
  const signal = deadline(60_000, around.signal);
  around.abort();
  expect(signal.aborted).toBe(true);
});
