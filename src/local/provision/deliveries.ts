import { type KindOnEngine, nameOf } from "./site.ts";

/** What waits at most, unless AWS's timing is kept: a minute is long at a desk. */
const LOCAL_BUFFER_SECONDS = 1;
/** A batch is held in memory while it is stored: 64 MB, the least with partition keys on AWS, would show. */
const LOCAL_BUFFER_MB = 16;

/** Firehose delivery streams from a stream to a bucket. */
export const deliveries: KindOnEngine = {
  async provision({ services, pipeline, names, request }) {
    for (const [key, declared] of Object.entries(pipeline.deliveries)) {
      const { from, to, partitionKeys, compression, bufferMb, bufferSeconds } = declared;
      const least = (value: number, local: number) => (request.awsTiming ? value : Math.min(value, local));
      await services.firehose.putDeliveryStream(nameOf(names.deliveries, key), {
        stream: nameOf(names.streams, from.stream),
        bucket: nameOf(names.buckets, to.bucket),
        prefix: to.prefix,
        errorPrefix: to.errorPrefix,
        partitionKeys,
        compression,
        bufferMb: least(bufferMb, LOCAL_BUFFER_MB),
        bufferSeconds: least(bufferSeconds, LOCAL_BUFFER_SECONDS),
      });
    }
  },
  names: ({ names }) => Object.values(names.deliveries),
  async remove({ firehose }, names) {
    for (const name of names) await firehose.removeDeliveryStream(name);
  },
};
