import {
  paginateListDeadLetterSourceQueues,
  paginateListQueues,
  QueueDoesNotExist,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { queueAttributes, redriveTarget } from "./queue-attributes.ts";
import type { ReplaySource } from "./types.ts";

/** What emulators answer to an action that they lack. */
const LACKING = /InvalidAction|UnknownOperation|UnsupportedOperation|NotImplemented/;

/**
 * The queues whose redrive policy names a dead-letter queue (ListDeadLetterSourceQueues). Some emulators lack that
 * action: there the redrive policy of every queue is read.
 */
export async function sourceQueues(
  sqs: SQSClient,
  deadLetters: { url: string; arn: string },
): Promise<ReplaySource["sources"]> {
  try {
    const urls: string[] = [];
    const pages = paginateListDeadLetterSourceQueues({ client: sqs }, { QueueUrl: deadLetters.url });
    for await (const page of pages) urls.push(...(page.queueUrls ?? []));
    return (await describe(sqs, urls)).map(({ source }) => source);
  } catch (error) {
    if (error instanceof QueueDoesNotExist || !LACKING.test((error as Error).name)) throw error;
    return searchAll(sqs, deadLetters.arn);
  }
}

async function searchAll(sqs: SQSClient, deadLetterArn: string): Promise<ReplaySource["sources"]> {
  const urls: string[] = [];
  for await (const page of paginateListQueues({ client: sqs, pageSize: 1_000 }, {})) {
    urls.push(...(page.QueueUrls ?? []));
  }
  const described = await describe(sqs, urls);
  return described.filter(({ target }) => target === deadLetterArn).map(({ source }) => source);
}

async function describe(sqs: SQSClient, urls: readonly string[]) {
  const found = await Promise.all(
    urls.map(async (url) => {
      const attributes = await queueAttributes(sqs, url);
      const arn = attributes?.QueueArn;
      if (arn === undefined) return [];
      const target = redriveTarget(attributes?.RedrivePolicy);
      return [{ source: { url, arn, fifo: arn.endsWith(".fifo") }, target }];
    }),
  );
  return found.flat();
}
