import type { Pipeline } from "../topology/types.ts";
import { arn, localNames, type Services } from "./provision.ts";
import { AwsError } from "./service.ts";

/** A newer declaration of a pipeline: what that declares too stays. */
export interface Successor {
  topology: Pipeline;
  project: string;
}

const KINDS = ["rules", "topics", "functions", "queues", "dlqs", "buckets"] as const;
type Gone = Record<(typeof KINDS)[number], string[]>;

/** Removes what a pipeline declares, with its data; what feeds goes before what is fed. */
export async function unprovision(
  services: Services,
  pipeline: Pipeline,
  project: string,
  successor?: Successor,
): Promise<void> {
  if (successor) await removeEdges(services, pipeline, project, successor);
  const gone = goneWith(pipeline, project, successor);
  for (const name of gone.rules) await services.events.removeRule(name);
  for (const name of gone.topics) await services.sns.removeTopic(arn("sns", name));
  for (const name of gone.functions) {
    await services.lambda.removeFunction(name);
    await services.logs.removeGroup(`/aws/lambda/${name}`);
  }
  for (const name of [...gone.queues, ...gone.dlqs]) await services.sqs.removeQueue(arn("sqs", name));
  for (const name of gone.buckets) await services.s3.removeBucket(name);
}

/**
 * Stops a deployment that would delete data nobody was asked about: a bucket with objects or a queue with messages
 * that the newer declaration does not have any more.
 * @throws AwsError DataWouldBeLost, naming each
 */
export function refuseLoss(
  services: Services,
  pipeline: Pipeline,
  project: string,
  successor: Successor,
): void {
  const gone = goneWith(pipeline, project, successor);
  const depths = new Map(services.sqs.gauges().map((gauge) => [gauge.queueName, gauge]));
  const queues = [...gone.queues, ...gone.dlqs].flatMap((name) => {
    const { visible = 0, inFlight = 0, delayed = 0 } = depths.get(name) ?? {};
    const messages = visible + inFlight + delayed;
    return messages > 0 ? [`${name} (${messages} messages)`] : [];
  });
  const buckets = gone.buckets.filter((name) => !services.s3.isEmpty(name));
  if (queues.length + buckets.length === 0) return;
  throw new AwsError(
    "DataWouldBeLost",
    `The pipeline ${pipeline.name} is deployed with things that its declaration no longer has, and they hold data: ${[...queues, ...buckets].join(", ")}.`,
    409,
  );
}

/** Names of what only the old declaration has. */
function goneWith(pipeline: Pipeline, project: string, successor: Successor | undefined): Gone {
  const names = localNames(pipeline, project);
  const kept = successor && localNames(successor.topology, successor.project);
  const gone = Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      Object.values(names[kind]).filter((name) => !Object.values(kept?.[kind] ?? {}).includes(name)),
    ]),
  ) as Gone;
  if (kept?.undelivered !== names.undelivered) gone.dlqs.push(names.undelivered);
  return gone;
}

/** Takes away the edges between things that stay: subscriptions, rule targets and event source mappings. */
async function removeEdges(
  services: Services,
  pipeline: Pipeline,
  project: string,
  successor: Successor,
): Promise<void> {
  const kept = edges(successor.topology, successor.project);
  const gone = (kind: keyof Edges) =>
    [...edges(pipeline, project)[kind]].filter((edge) => !kept[kind].has(edge));
  for (const edge of gone("targets")) {
    const [rule = "", target = ""] = edge.split(SEPARATOR);
    await services.events.removeTarget(rule, arn("sns", target));
  }
  for (const edge of gone("subscriptions")) {
    const [topic = "", queue = ""] = edge.split(SEPARATOR);
    await services.sns.unsubscribe(arn("sns", topic), arn("sqs", queue));
  }
  for (const edge of gone("mappings")) {
    const [name = "", queue = ""] = edge.split(SEPARATOR);
    await services.lambda.unmapQueue(name, arn("sqs", queue));
  }
}

/** No physical name has a space. */
const SEPARATOR = " ";

interface Edges {
  targets: Set<string>;
  subscriptions: Set<string>;
  mappings: Set<string>;
}

/** Every edge as the two names that it joins. */
function edges(pipeline: Pipeline, project: string): Edges {
  const names = localNames(pipeline, project);
  const pair = (from: string | undefined, to: string | undefined) => `${from}${SEPARATOR}${to}`;
  const entries = Object.entries;
  return {
    targets: new Set(
      entries(pipeline.topics).map(([key, { from }]) => pair(names.rules[from.rule], names.topics[key])),
    ),
    subscriptions: new Set(
      entries(pipeline.queues).flatMap(([key, { from }]) =>
        from.map(({ topic }) => pair(names.topics[topic], names.queues[key])),
      ),
    ),
    mappings: new Set(
      entries(pipeline.functions).map(([key, { from }]) =>
        pair(names.functions[key], names.queues[from.queue]),
      ),
    ),
  };
}
