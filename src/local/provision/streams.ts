import { type KindOnEngine, nameOf } from "./site.ts";

/** Kinesis data streams. */
export const streams: KindOnEngine = {
  async provision({ services, pipeline, names }) {
    for (const [key, { shards, retentionHours }] of Object.entries(pipeline.streams)) {
      await services.kinesis.createStream(nameOf(names.streams, key), { shards, retentionHours });
    }
  },
  names: ({ names }) => Object.values(names.streams),
  async remove({ kinesis }, names) {
    for (const name of names) await kinesis.removeStream(name);
  },
  holding: ({ firehose, kinesis }, names) =>
    names.flatMap((name) => {
      const records = firehose.undelivered(name) ?? kinesis.recordCount(name);
      return records > 0 ? [`${name} (${records} records)`] : [];
    }),
};
