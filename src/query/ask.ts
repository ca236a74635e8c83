import { type Clients, createClients } from "../aws/clients.ts";
import { userError } from "../aws/errors.ts";
import { invokeFunction } from "../aws/invoke.ts";
import type { Context } from "../context.ts";
import { EdpError, InvalidInputError, NotDeployedError, UsageError } from "../errors.ts";
import { deployedPipeline } from "../ingest/deployed-pipeline.ts";
import type { DirectAnswer, DirectRequest } from "../lambda/warehouse/run/direct.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";

/** The answer to a request that was not refused. */
export type Granted = Exclude<DirectAnswer, { error: unknown }>;

/**
 * Asks the function that works with a pipeline's database; edp itself never connects to it.
 * @throws UsageError for a pipeline without database; InvalidInputError for what was refused; NotDeployedError when the
 *   database can't be reached
 */
export async function askDatabase<Answer extends Granted>(
  context: Context,
  deployment: Deployment,
  pipeline: string,
  request: DirectRequest,
  use: (answer: Answer, clients: Clients) => Promise<void> = async () => {},
): Promise<Answer> {
  const functionName = databaseFunction(deployedPipeline(deployment, pipeline));
  const clients = createClients(deployment, context);
  try {
    const answer = await invokeFunction<DirectAnswer>(
      await clients.lambda(),
      functionName,
      request,
      context.signal,
    );
    if ("error" in answer) throw refusal(answer.error);
    await use(answer as Answer, clients);
    return answer as Answer;
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof EdpError) throw error;
    throw userError(error, context.env) ?? error;
  } finally {
    clients.close();
  }
}

/** The function with an edge to a database. */
function databaseFunction({ topology, addresses }: DeployedPipeline): string {
  const databases = Object.keys(topology.databases);
  for (const [key, { reads, writes }] of Object.entries(topology.functions)) {
    const works = [...reads, ...writes].some((edge) => databases.includes(edge));
    const name = addresses.functions[key]?.name;
    if (works && name !== undefined) return name;
  }
  throw new UsageError(`The pipeline ${topology.name} has no database to ask.`, {
    hint: 'Try: npx edp query warehouse "select * from analytics.agg_shipments"',
  });
}

function refusal({ code, message }: { code: string; message: string }): EdpError {
  if (code.startsWith("DATABASE_") || code === "CONNECTION_CUT") {
    return new NotDeployedError(message, {
      code,
      hint: "Try again in a moment; its function's log says more: npx edp tail warehouse --since 5m --no-follow",
    });
  }
  return new InvalidInputError(message, {
    code,
    ...(code === "QUERY_REFUSED" && /syntax error|read-only|data-modifying/.test(message)
      ? { hint: "edp query only reads: one SELECT, VALUES, TABLE, WITH, EXPLAIN or SHOW." }
      : {}),
  });
}
