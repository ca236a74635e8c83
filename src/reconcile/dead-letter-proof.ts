import type { SQSClient } from "@aws-sdk/client-sqs";
import { queueDepth } from "../aws/queues.ts";
import { type LookOptions, lookThrough } from "../dead-letters/look.ts";
import type { Finding, Proof } from "./proof.ts";
import { versionKey } from "./tally.ts";

/** Dead-lettered, by the messages in one queue. A look hides them for a moment, so it is taken only when it can tell something new. */
export class DeadLetterProof implements Proof {
  #seenDepth: number | undefined;

  constructor(
    private readonly sqs: SQSClient,
    private readonly queueUrl: string,
    /** Bucket that holds the objects; messages about others explain nothing. */
    private readonly landing: string,
    private readonly options: LookOptions,
  ) {}

  async *find(open: ReadonlySet<string>, thorough: boolean): AsyncGenerator<Finding> {
    if (open.size === 0) return;
    const visible = (await queueDepth(this.sqs, this.queueUrl))?.visible ?? 0;
    if (visible === 0 || (visible === this.#seenDepth && !thorough)) return;
    this.#seenDepth = visible;
    for await (const { objects, cause, messageId } of lookThrough(this.sqs, this.queueUrl, this.options)) {
      for (const { bucket, key, version } of objects) {
        if (bucket !== this.landing) continue;
        const end = { state: "deadLettered", queue: this.queueUrl, messageId, ...cause } as const;
        yield { id: versionKey(key, version), end };
      }
      if (open.size === 0) return;
    }
  }
}
