import { type KindOnEngine, nameOf } from "./site.ts";

export const buckets: KindOnEngine = {
  async provision({ services, pipeline, names }) {
    for (const [key, { versioned, eventBridge }] of Object.entries(pipeline.buckets)) {
      await services.s3.createBucket(nameOf(names.buckets, key), { versioned, eventBridge });
    }
  },
  names: ({ names }) => Object.values(names.buckets),
  async remove({ s3 }, names) {
    for (const name of names) await s3.removeBucket(name);
  },
  holding: ({ s3 }, names) => names.filter((name) => !s3.isEmpty(name)),
};
