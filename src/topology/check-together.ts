import type { Fault } from "./faults.ts";
import { physicalNames, roleNames } from "./names.ts";
import type { Pipeline } from "./types.ts";

/** A place to derive names in; which one doesn't matter for whether two of them are equal. */
const ANYWHERE = { project: "p", env: "e", accountId: "000000000000" };

/**
 * What pipelines of one environment demand of each other: different names, and different names for all they
 * make (`a` with the queue `b-c` and `a-b` with the queue `c` would share one).
 * @returns each fault with the index of the later of the two pipelines.
 */
export function checkTogether(
  read: readonly { file: string; pipeline: Pipeline }[],
): { index: number; fault: Fault }[] {
  const faults: { index: number; fault: Fault }[] = [];
  const owners = new Map<string, string>();
  read.forEach(({ pipeline }, index) => {
    const twin = read.slice(0, index).find((earlier) => earlier.pipeline.name === pipeline.name);
    if (twin) {
      const message = `${pipeline.name} is also declared in ${twin.file}: pipeline names must differ`;
      faults.push({ index, fault: { path: ["name"], message } });
      return;
    }
    for (const { service, name, path } of madeBy(pipeline)) {
      const id = `${service} ${name}`;
      const owner = owners.get(id);
      const message = `would have the same physical name as one of the pipeline ${owner}: rename either`;
      if (owner) faults.push({ index, fault: { path, message } });
      else owners.set(id, pipeline.name);
    }
  });
  return faults;
}

function madeBy(pipeline: Pipeline) {
  const names = physicalNames(pipeline, ANYWHERE);
  // A function's name is its role's too, and counts as that.
  const { dlqs, undelivered, functions: _, ...kinds } = names;
  const made = Object.entries(kinds).flatMap(([kind, names]) =>
    Object.entries(names).map(([key, name]) => ({ service: kind, name, path: [kind, key] })),
  );
  const deadLetters = Object.entries(dlqs).map(([key, name]) => ({
    service: "queues",
    name,
    path: ["queues", key],
  }));
  const roles = roleNames(names).map((role) => ({ service: "roles", ...role }));
  return [...made, ...roles, ...deadLetters, { service: "queues", name: undelivered, path: ["name"] }];
}
