import path from "node:path";
import { functionEnvironment } from "../../topology/edges.ts";
import { apiTrigger, queueTrigger } from "../../topology/from.ts";
import type { LambdaFunction } from "../../topology/types.ts";
import { visibilitySeconds } from "./queues.ts";
import { arn, type KindOnEngine, nameOf, type Site } from "./site.ts";

/** Batch window of event source mappings on the local engine, in milliseconds. */
const LOCAL_BATCH_WINDOW_MS = 500;
const LOG_RETENTION_DAYS = 30;

/** Functions, each with its log group and the event source mapping of its queue. */
export const functions: KindOnEngine = {
  async provision(site) {
    const { services, pipeline, names, request, addresses } = site;
    for (const [key, declared] of Object.entries(pipeline.functions)) {
      const name = nameOf(names.functions, key);
      await services.logs.createGroup(`/aws/lambda/${name}`, LOG_RETENTION_DAYS);
      await services.lambda.deployFunction({
        name,
        zip: request.zips[`${pipeline.name}-${key}`] ?? path.join("missing", `${pipeline.name}-${key}.zip`),
        handler: "index.handler",
        environment: { ...functionEnvironment(pipeline, key, addresses), ...corsEnvironment(site, declared) },
        memoryMb: declared.memoryMb,
        timeoutSeconds: declared.timeoutSeconds,
      });
      await mapQueue(site, key);
    }
  },
  names: ({ names }) => Object.values(names.functions),
  async remove({ lambda, logs }, names) {
    for (const name of names) {
      await lambda.removeFunction(name);
      await logs.removeGroup(`/aws/lambda/${name}`);
    }
  },
  edges: ({ pipeline, names }) =>
    Object.entries(pipeline.functions).flatMap(([key, declared]) => {
      const trigger = queueTrigger(declared);
      return trigger ? [[nameOf(names.functions, key), nameOf(names.queues, trigger.queue)]] : [];
    }),
  removeEdge: ({ lambda }, [name, queue]) => lambda.unmapQueue(name, arn("sqs", queue)),
};

/** What a function behind an API answers to a page has to name its origin; the HCL tells it in the same way. */
function corsEnvironment({ request }: Site, declared: LambdaFunction): Record<string, string> {
  const origins = request.corsAllowedOrigins ?? [];
  if (origins.length === 0 || !apiTrigger(declared)) return {};
  return { EDP_CORS_ALLOWED_ORIGINS: origins.join(",") };
}

async function mapQueue({ services, pipeline, names, request }: Site, key: string): Promise<void> {
  const declared = pipeline.functions[key];
  const trigger = declared && queueTrigger(declared);
  if (!trigger) return;
  await services.lambda.mapQueue({
    functionName: nameOf(names.functions, key),
    queueArn: arn("sqs", nameOf(names.queues, trigger.queue)),
    batchSize: trigger.batchSize,
    batchWindowMs: batchWindowMs(trigger.batchWindowSeconds, request.awsTiming),
    maximumConcurrency: trigger.maximumConcurrency,
    queueVisibilityMs: visibilitySeconds(pipeline, trigger.queue, request.awsTiming) * 1000,
  });
}

function batchWindowMs(declaredSeconds: number, awsTiming: boolean): number {
  return awsTiming ? declaredSeconds * 1000 : Math.min(declaredSeconds * 1000, LOCAL_BATCH_WINDOW_MS);
}
