import { expect, it } from "vitest";
import { TokenBucket } from "../../../../src/local/apigateway/token-bucket.ts";

it("a bucket gives its burst at once, then its rate, and never holds more than the burst", () => {
  const bucket = new TokenBucket(10, 3, 0);
  const taken = (nowMs: number) => [1, 2, 3, 4, 5].filter(() => bucket.take(nowMs)).length;
  expect([taken(0), taken(99), taken(100), taken(300), taken(60_000)]).toEqual([3, 0, 1, 2, 3]);
});

it("a clock that is set back neither fills nor empties it", () => {
  const bucket = new TokenBucket(1, 2, 10_000);
  expect([bucket.take(10_000), bucket.take(0), bucket.take(0), bucket.take(1_000)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
});
