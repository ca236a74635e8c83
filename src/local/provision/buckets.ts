import { bucketSources } from "../../topology/from.ts";
import type { DeclaredQueue } from "../s3/declared-queues.ts";
import { arn, type Declared, type KindOnEngine, nameOf } from "./site.ts";

/** Buckets, each with the queues that S3 tells of its new objects. */
export const buckets: KindOnEngine = {
  async provision(site) {
    for (const [key, { versioned, eventBridge }] of Object.entries(site.pipeline.buckets)) {
      const queues = queuesOf(site, key);
      await site.services.s3.createBucket(nameOf(site.names.buckets, key), {
        versioned,
        eventBridge,
        queues,
      });
    }
  },
  names: ({ names }) => Object.values(names.buckets),
  async remove({ s3 }, names) {
    for (const name of names) await s3.removeBucket(name);
  },
  holding: ({ s3 }, names) => names.filter((name) => !s3.isEmpty(name)),
};

function queuesOf({ pipeline, names }: Declared, bucketKey: string): DeclaredQueue[] {
  return Object.entries(pipeline.queues).flatMap(([key, queue]) =>
    bucketSources(queue)
      .filter(({ bucket }) => bucket === bucketKey)
      .map(({ prefix, suffix }) => ({ arn: arn("sqs", nameOf(names.queues, key)), prefix, suffix })),
  );
}
