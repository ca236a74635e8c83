import type { Content } from "../outgoing.ts";
import { NoRouteError, type Route, type RouteParts } from "./route.ts";

/** The record that Lambda sends to an on-failure destination. */
interface DestinationRecord {
  requestContext: { functionArn: string };
  requestPayload: unknown;
}

/**
 * Whether a body is the record of an on-failure destination:
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export function isDestinationRecord(body: unknown): body is DestinationRecord {
  if (typeof body !== "object" || body === null || !("requestPayload" in body)) return false;
  const { requestContext } = body as Partial<DestinationRecord>;
  return typeof requestContext?.functionArn === "string";
}

/** Back to the function that the record names, with the payload that it failed on. */
export function destinationRecord(record: DestinationRecord, { attributes }: Content): Route {
  // functionArn ends with the version, which is usually $LATEST.
  const name = record.requestContext.functionArn.replace(/:\$LATEST$/, "");
  return {
    destination: { kind: "function", name },
    content: { body: JSON.stringify(record.requestPayload), attributes },
  };
}

/**
 * Back to the function whose dead-letter queue this is: the message of a failed asynchronous invocation doesn't
 * name it (ListFunctions, DeadLetterConfig).
 * @throws NoRouteError when no function or several have this queue
 */
export async function asyncFunction(content: Content, parts: RouteParts): Promise<Route> {
  const names = await parts.once("functions", () => functionsOf(parts));
  const [name, ...others] = names;
  if (name === undefined || others.length > 0) {
    throw new NoRouteError(
      "UNKNOWN_ORIGIN",
      name === undefined
        ? `No function has ${parts.source.name} as its dead-letter queue (any more): give --to URL.`
        : `${names.length} functions have ${parts.source.name} as their dead-letter queue, and the message doesn't name its own: give --to URL.`,
    );
  }
  return { destination: { kind: "function", name }, content };
}

async function functionsOf({ clients, source }: RouteParts): Promise<string[]> {
  const { paginateListFunctions } = await import("@aws-sdk/client-lambda");
  const names: string[] = [];
  for await (const page of paginateListFunctions({ client: await clients.lambda() }, {})) {
    for (const { FunctionName, DeadLetterConfig } of page.Functions ?? []) {
      if (FunctionName !== undefined && DeadLetterConfig?.TargetArn === source.arn) names.push(FunctionName);
    }
  }
  return names;
}
