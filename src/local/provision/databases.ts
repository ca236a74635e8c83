import { type KindOnEngine, nameOf } from "./site.ts";

/** PostgreSQL databases, each with its secret. The server itself starts at the first use. */
export const databases: KindOnEngine = {
  async provision({ services, pipeline, names }) {
    for (const key of Object.keys(pipeline.databases)) {
      const secret = await services.postgres.secret();
      await services.secretsmanager.putSecret(nameOf(names.databases, key), secret);
    }
  },
  names: ({ names }) => Object.values(names.databases),
  async remove({ postgres, secretsmanager }, names) {
    for (const name of names) {
      await postgres.remove(name);
      await secretsmanager.removeSecret(name);
    }
  },
  holding: ({ postgres }, names) =>
    names.filter((name) => postgres.holds(name)).map((name) => `the database ${name}`),
};
