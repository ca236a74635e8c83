import type { Fault, JsonPath } from "./faults.ts";
import type { Kind, LambdaFunction, Pipeline } from "./types.ts";

/** Kinds that a key in `reads` or `writes` may mean, with what can be done to them. */
const DATA_KINDS = [
  { kind: "buckets", thing: "bucket", readable: true },
  { kind: "queues", thing: "queue", readable: false },
  { kind: "topics", thing: "topic", readable: false },
  { kind: "tables", thing: "table", readable: true },
  { kind: "databases", thing: "database", readable: true },
  { kind: "streams", thing: "stream", readable: true },
] as const satisfies readonly { kind: Kind; thing: string; readable: boolean }[];

const ALL = DATA_KINDS.map(({ thing }) => thing)
  .join(", ")
  .replace(/, (\w+)$/, " or $1");

/** Each key in `reads` and `writes` must mean exactly one thing, of a kind that can be read or written so. */
export function checkAccess(pipeline: Pipeline, declared: LambdaFunction, path: JsonPath): Fault[] {
  return (["reads", "writes"] as const).flatMap((edge) =>
    declared[edge].flatMap((key, index): Fault[] => {
      const at = [...path, edge, index];
      if (declared[edge].indexOf(key) !== index) return [{ path: at, message: `${key} is named twice` }];
      const [found, ...more] = DATA_KINDS.filter(({ kind }) => Object.hasOwn(pipeline[kind], key));
      if (!found) return [{ path: at, message: `there is no ${ALL} ${key}` }];
      if (more.length > 0) {
        const things = [found, ...more].map(({ thing }) => thing).join(" and a ");
        return [{ path: at, message: `${key} is ambiguous, there is a ${things} of that name: rename one` }];
      }
      if (edge === "reads" && !found.readable) {
        return [{ path: at, message: `${key} is a ${found.thing}: what it holds comes through \`from\`` }];
      }
      return [];
    }),
  );
}
