import { queueName } from "../aws/queues.ts";
import type { Deployment } from "../topology/deployment.ts";
import { queueTrigger } from "../topology/from.ts";

/** A queue whose dead letters are looked at. */
export interface DeadLetterQueue {
  url: string;
  name: string;
  /** Pipeline it belongs to; null for `--queue`. */
  pipeline: string | null;
  /** Log groups of the functions that read from its source queue. */
  logGroups: string[];
}

/** Every dead-letter queue of the named pipelines, all when none is named; `undelivered` comes last in each. */
export function deadLetterQueues(deployment: Deployment, names: readonly string[]): DeadLetterQueue[] {
  const chosen = Object.entries(deployment.pipelines).filter(
    ([name]) => names.length === 0 || names.includes(name),
  );
  return chosen.flatMap(([pipeline, { topology, addresses }]) => {
    const readersOf = (queue: string) =>
      Object.entries(topology.functions)
        .filter(([, declared]) => queueTrigger(declared)?.queue === queue)
        .flatMap(([key]) => addresses.functions[key]?.logGroup ?? []);
    const own = Object.entries(addresses.queues).map(([key, { dlqUrl }]) => ({
      url: dlqUrl,
      name: queueName(dlqUrl),
      pipeline,
      logGroups: readersOf(key),
    }));
    const { url } = addresses.undelivered;
    return [...own, { url, name: queueName(url), pipeline, logGroups: [] }];
  });
}
