import { type KindOnEngine, nameOf } from "./site.ts";

/** DynamoDB tables with their global indexes. */
export const tables: KindOnEngine = {
  async provision({ services, pipeline, names }) {
    for (const [key, table] of Object.entries(pipeline.tables)) {
      await services.dynamodb.createTable(nameOf(names.tables, key), {
        hash: table.hashKey,
        range: table.rangeKey,
        indexes: Object.fromEntries(
          Object.entries(table.indexes).map(([index, { hashKey, rangeKey }]) => [
            index,
            { hash: hashKey, range: rangeKey },
          ]),
        ),
        ttlAttribute: table.ttlAttribute,
        pointInTimeRecovery: table.pointInTimeRecovery,
      });
    }
  },
  names: ({ names }) => Object.values(names.tables),
  async remove({ dynamodb }, names) {
    for (const name of names) await dynamodb.removeTable(name);
  },
  holding: ({ dynamodb }, names) =>
    names.flatMap((name) => {
      const items = dynamodb.itemCount(name);
      return items > 0 ? [`${name} (${items} items)`] : [];
    }),
};
