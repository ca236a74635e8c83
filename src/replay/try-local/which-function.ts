import { queueName } from "../../aws/queues.ts";
import type { Letter } from "../../dead-letters/letter.ts";
import type { DeployedPipeline } from "../../topology/deployment.ts";
import { queueTrigger } from "../../topology/from.ts";

/** A function that a letter is tried with. */
export interface TriedFunction {
  pipeline: string;
  function: string;
  deployed: DeployedPipeline;
}

/**
 * Which functions would get a letter: the one that its cause names; those of the queue that it was redriven from; those
 * that read the bucket it is about; else the only one there is. Empty where that can't be told.
 */
export function functionsFor(letter: Letter, pipelines: readonly DeployedPipeline[]): TriedFunction[] {
  const all = pipelines.flatMap((deployed) =>
    Object.keys(deployed.topology.functions).map(
      (key): TriedFunction => ({ pipeline: deployed.topology.name, function: key, deployed }),
    ),
  );
  const named = all.filter(({ deployed, function: key }) => {
    return (
      letter.evidence.function !== null &&
      deployed.addresses.functions[key]?.name === letter.evidence.function
    );
  });
  if (named.length > 0) return named;
  const source = letter.raw.Attributes?.DeadLetterQueueSourceArn?.split(":").at(-1);
  const fed = all.filter(({ deployed, function: key }) => {
    const declared = deployed.topology.functions[key];
    const queue = (declared && queueTrigger(declared)?.queue) ?? "";
    return source !== undefined && queueName(deployed.addresses.queues[queue]?.url ?? "") === source;
  });
  if (fed.length > 0) return fed;
  const buckets = new Set(letter.objects.map(({ bucket }) => bucket));
  const readers = all.filter(({ deployed, function: key }) =>
    (deployed.topology.functions[key]?.reads ?? []).some((read) => {
      const name = deployed.addresses.buckets[read]?.name;
      return name !== undefined && buckets.has(name);
    }),
  );
  if (readers.length > 0) return readers;
  return all.length === 1 ? all : [];
}
