import { deadLetterQueues } from "../dead-letters/queues.ts";
import type { Deployment } from "../topology/deployment.ts";
import { bucketSources } from "../topology/from.ts";
import type { FunctionLog } from "./log-lines.ts";

/** Where one pipeline's objects and messages leave traces. */
export interface Places {
  pipeline: string;
  /** Buckets whose objects set the pipeline going. */
  landing: string[];
  /** Buckets that functions write outputs and claims to. */
  outputs: string[];
  functions: FunctionLog[];
  /** How many topics events pass through. */
  topics: number;
  /** Queues that functions read from. */
  queues: { name: string; url: string }[];
  deadLetterQueues: { name: string; url: string }[];
}

/** The places of the named pipelines, of all when none is named. */
export function placesOf(deployment: Deployment, names: readonly string[]): Places[] {
  const dlqs = deadLetterQueues(deployment, names);
  return Object.entries(deployment.pipelines)
    .filter(([name]) => names.length === 0 || names.includes(name))
    .map(([pipeline, { topology, addresses }]) => {
      const functions = Object.values(topology.functions);
      const bucketNames = (keys: readonly string[]) =>
        [...new Set(keys)].flatMap((key) => addresses.buckets[key]?.name ?? []);
      return {
        pipeline,
        landing: bucketNames([
          ...Object.values(topology.rules).map(({ from }) => from.bucket),
          ...Object.values(topology.queues).flatMap((queue) =>
            bucketSources(queue).map(({ bucket }) => bucket),
          ),
          ...functions.flatMap(({ reads }) => reads),
        ]),
        outputs: bucketNames(functions.flatMap(({ writes }) => writes)),
        functions: Object.values(addresses.functions),
        topics: Object.keys(topology.topics).length,
        queues: Object.entries(addresses.queues).map(([name, { url }]) => ({ name, url })),
        deadLetterQueues: dlqs.filter((queue) => queue.pipeline === pipeline),
      };
    });
}
