/**
 * The throttle of a usage plan: a bucket of `burstLimit` tokens that is filled at `rateLimit` a second.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
export class TokenBucket {
  #tokens: number;
  #filledAt: number;

  constructor(
    private readonly rateLimit: number,
    private readonly burstLimit: number,
    nowMs: number,
  ) {
    this.#tokens = burstLimit;
    this.#filledAt = nowMs;
  }

  /** Takes a token; false when there is none. */
  take(nowMs: number): boolean {
    // A clock that was set back fills nothing and must not empty the bucket either.
    const elapsedSeconds = Math.max(0, nowMs - this.#filledAt) / 1000;
    this.#tokens = Math.min(this.burstLimit, this.#tokens + elapsedSeconds * this.rateLimit);
    this.#filledAt = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
