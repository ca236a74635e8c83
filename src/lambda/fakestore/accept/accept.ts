import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type { Log } from "../../shared/log.ts";
import { answerFor, refusalAnswer } from "./answer.ts";
import { BodyRefusal, readEvents } from "./body.ts";
import type { Environment } from "./environment.ts";
import { type PutParts, putRecords } from "./put.ts";
import { isEventId, transform } from "./transform.ts";

/** Everything that one invocation works with. */
export interface Invocation extends Omit<PutParts, "stream"> {
  environment: Environment;
  log: Log;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Takes the events of one request: checks them, puts the good ones into the stream, and answers for each. */
export async function accept(request: APIGatewayProxyEvent, run: Invocation): Promise<APIGatewayProxyResult> {
  const answer = await respond(request, run);
  const origin = header(request, "origin");
  const { corsOrigins } = run.environment;
  const allowed = origin !== undefined && (corsOrigins.includes("*") || corsOrigins.includes(origin));
  if (!allowed) return answer;
  return { ...answer, headers: { ...answer.headers, "access-control-allow-origin": origin, vary: "Origin" } };
}

async function respond(request: APIGatewayProxyEvent, run: Invocation): Promise<APIGatewayProxyResult> {
  const { log, environment, now } = run;
  try {
    const { events, several } = readEvents(request);
    const idempotencyKey = header(request, "idempotency-key");
    if (idempotencyKey !== undefined && !isEventId(idempotencyKey)) {
      throw new BodyRefusal(400, "The header Idempotency-Key must have 1 to 128 characters.");
    }
    const receivedAt = new Date(now()).toISOString();
    const transformed = transform(events, { idempotencyKey, several, receivedAt });
    for (const { index, type, path, reason } of transformed.rejected)
      log("WARN", "event rejected", { index, type, path, reason });
    const failures = await putRecords(transformed.records, { ...run, stream: environment.stream });
    log("INFO", "request done", {
      events: events.length,
      records: transformed.records.length - failures.size,
      rejected: transformed.rejected.length,
      failed: failures.size,
    });
    return answerFor(transformed, failures);
  } catch (error) {
    if (!(error instanceof BodyRefusal)) throw error;
    log("WARN", "request refused", { status: error.status, reason: error.message });
    return refusalAnswer(error);
  }
}

/** A header's value by its name in lower case; clients write names as they like. */
function header({ headers }: APIGatewayProxyEvent, name: string): string | undefined {
  return Object.entries(headers ?? {}).find(([given]) => given.toLowerCase() === name)?.[1];
}
